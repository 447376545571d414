# R's numbers for visits and small samples (evaltools.stats.small). Run here: Rscript make_small.R
# Needs R with jsonlite, survival, psych, coin, VGAM (Debian: r-cran-jsonlite r-cran-survival r-cran-psych r-cran-coin r-cran-vgam).
suppressMessages({library(jsonlite); library(survival); library(psych); library(coin); library(VGAM)})
set.seed(20221130)
out <- list(r = R.version.string, survival = as.character(packageVersion("survival")), psych = as.character(packageVersion("psych")),
            coin = as.character(packageVersion("coin")), VGAM = as.character(packageVersion("VGAM")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)

# -- discordant pairs
b <- c(2, 1, 0, 5, 7, 3, 30, 0); c <- c(11, 7, 5, 5, 6, 3, 52, 6)
mid <- function(b, c) { p <- dbinom(0:(b + c), b + c, .5); at <- p[b + 1]; sum(p[p < at * (1 - 1e-9)]) + sum(p[abs(p / at - 1) < 1e-9]) / 2 }
add("mcnemar", "binom.test(b, b + c)$p.value; mid-p: outcomes less likely than b, and half of those as likely",
    list(b = b, c = c, p = mapply(function(b, c) binom.test(b, b + c)$p.value, b, c), mid_p = mapply(mid, b, c)))

# -- Tango's limits as real roots of a quartic: the constraint's quadratic with q from the squared score equation
times <- function(a, b) { r <- rep(0, length(a) + length(b) - 1); for (i in seq_along(a)) r[i - 1 + seq_along(b)] <- r[i - 1 + seq_along(b)] + a[i] * b; r }
plus <- function(a, b) { k <- max(length(a), length(b)); c(a, rep(0, k - length(a))) + c(b, rep(0, k - length(b))) }
tango <- function(n11, n10, n01, n00, level = .95) {
  n <- n11 + n10 + n01 + n00; z <- qnorm((1 + level) / 2); e <- n01 - n10
  away <- c(e, -n); q <- plus(times(away, away) / (z^2 * n), c(0, -1, 1)) / 2
  poly <- plus(plus(2 * n * times(q, q), times(c(-n01 - n10, 2 * n - n01 + n10), q)), c(0, -n10, n10))
  root <- polyroot(poly); root <- Re(root[abs(Im(root)) < 1e-6]); root <- root[abs(root) <= 1 + 1e-9]
  share <- function(d) { l <- (2 * n - n01 + n10) * d - n01 - n10; (sqrt(pmax(l^2 + 8 * n * n10 * d * (1 - d), 0)) - l) / (4 * n) }
  miss <- function(d) (e - n * d)^2 - z^2 * n * (2 * share(d) + d * (1 - d))
  root <- root[abs(miss(root)) < 1e-5]
  c(min(root), max(root), 2 * pnorm(-abs(e) / sqrt(n01 + n10))) }
tables <- rbind(c(1, 1, 7, 12), c(36, 12, 2, 0), c(20, 2, 12, 16), c(35, 14, 0, 1), c(2, 97, 1, 0), c(10, 3, 3, 4), c(0, 5, 9, 1), c(43, 0, 1, 0))
res <- t(apply(tables, 1, function(r) tango(r[1], r[2], r[3], r[4])))
add("tango", "own code: quartic, polyroot", list(n11 = tables[, 1], n10 = tables[, 2], n01 = tables[, 3], n00 = tables[, 4],
    low = res[, 1], high = res[, 2], p = res[, 3]))

# -- shifts
shift <- function(w) list(statistic = unname(w$statistic), p = w$p.value, hl = unname(w$estimate), ci = as.numeric(w$conf.int))
one <- round(rnorm(13, .6, 2), 4); tied <- c(-3, -1, -1, 0, 0, 1, 2, -4, -4, -6, -2, 5, -7, -2, -9, 3)
long <- round(rnorm(61, .4, 1.5), 3)
x <- c(5, 8, 6, 12, 9.5, 7, 11.2); y <- c(11, 14.2, 9, 16, 10, 13, 18, 7.7, 12.3)
xt <- c(5, 8, 6, 12, 9, 7, 9, 10); yt <- c(11, 14, 9, 16, 10, 13, 18, 10, 12, 8, 11)
add("wilcoxon-pairs", "wilcox.test(d, conf.int = TRUE, exact, correct, tol.root = 1e-12)", list(
  one = one, tied = tied, long = long,
  one_exact = shift(wilcox.test(one, conf.int = TRUE)), one_exact_90 = shift(wilcox.test(one, conf.int = TRUE, conf.level = .9)),
  tied_asymptotic = shift(suppressWarnings(wilcox.test(tied, conf.int = TRUE, exact = FALSE, correct = FALSE, tol.root = 1e-12))),
  tied_corrected = shift(suppressWarnings(wilcox.test(tied, conf.int = TRUE, exact = FALSE, correct = TRUE, tol.root = 1e-12))),
  long_asymptotic = shift(wilcox.test(long, conf.int = TRUE, correct = FALSE, tol.root = 1e-12)),
  permutation = as.numeric(pvalue(wilcoxsign_test(tied ~ rep(0, length(tied)), distribution = "exact", zero.method = "Wilcoxon")))))
g <- factor(rep(c("x", "y"), c(length(xt), length(yt))))
add("wilcoxon-samples", "wilcox.test(x, y, conf.int = TRUE, exact, correct, tol.root = 1e-12); coin::wilcox_test(distribution = 'exact')", list(
  x = x, y = y, xt = xt, yt = yt,
  exact = shift(wilcox.test(x, y, conf.int = TRUE)),
  asymptotic = shift(wilcox.test(x, y, conf.int = TRUE, exact = FALSE, correct = FALSE, tol.root = 1e-12)),
  tied_asymptotic = shift(suppressWarnings(wilcox.test(xt, yt, conf.int = TRUE, exact = FALSE, correct = FALSE, tol.root = 1e-12))),
  tied_corrected = shift(suppressWarnings(wilcox.test(xt, yt, conf.int = TRUE, exact = FALSE, correct = TRUE, tol.root = 1e-12))),
  permutation = as.numeric(pvalue(coin::wilcox_test(c(xt, yt) ~ g, distribution = "exact")))))

# -- time to an event: two waves, cases of twelve firms, some in both waves
n <- 90; firm <- sample(1:14, n, TRUE); wave <- sample(c("baseline", "endline"), n, TRUE)
full <- round(rgamma(n, 3, .25 + .12 * (wave == "endline")) * exp(rnorm(14, 0, .3))[firm]) + 1
open <- sample(8:30, n, TRUE); time <- pmin(full, open); event <- as.integer(full <= open)
numbers <- function(v) ifelse(is.finite(v), v, NA)
curve <- function(f) list(time = f$time, n_risk = f$n.risk, n_event = f$n.event, n_censored = f$n.censor, survival = f$surv, strata = unname(f$strata),
                          low = numbers(f$lower), high = numbers(f$upper), se = numbers(if (f$logse) f$surv * f$std.err else f$std.err))
km <- list(time = time, event = event, wave = wave, firm = firm)
for (conf in c("log-log", "log", "plain")) {
  km[[conf]] <- curve(survfit(Surv(time, event) ~ wave, conf.type = conf))
  km[[paste0(conf, "-cluster")]] <- curve(survfit(Surv(time, event) ~ wave, cluster = firm, conf.type = conf)) }
add("survival", "survfit(Surv(time, event) ~ wave, cluster = NULL or firm, conf.type)", km)
f <- survfit(Surv(time, event) ~ wave); horizon <- 15
s <- summary(f, rmean = horizon)$table
parts <- sapply(c("baseline", "endline"), function(w) { d <- data.frame(time, event, firm)[wave == w, ]
  r <- residuals(do.call(survfit, list(Surv(time, event) ~ 1, data = d)), times = horizon, type = "rmst"); v <- rep(0, 14); t <- rowsum(as.numeric(r), d$firm); v[as.integer(rownames(t))] <- t; v })
add("restricted-mean", "summary(survfit, rmean = 15)$table; clustered: residuals(survfit, times = 15, type = 'rmst') summed by firm",
    list(horizon = horizon, mean = unname(s[, "rmean"]), se = unname(s[, "se(rmean)"]), cluster_se = unname(sqrt(colSums(parts^2))),
         change_se = sqrt(sum((parts[, 2] - parts[, 1])^2))))

# -- agreement
a <- sample(1:4, 70, TRUE, c(.4, .3, .2, .1)); bb <- pmin(4, pmax(1, a + sample(-1:1, 70, TRUE, c(.15, .7, .15))))
lin <- 1 - abs(row(diag(4)) - col(diag(4))) / 3
ck <- cohen.kappa(cbind(a, bb)); cl <- cohen.kappa(cbind(a, bb), w = lin)
# psych 2.2.9 takes row sums for column sums in the weighted variance; here is the published formula
fleiss <- function(w) { x <- table(a, bb) / length(a); rs <- rowSums(x); cs <- colSums(x); o <- sum(w * x); e <- sum(w * outer(rs, cs))
  sqrt((sum(x * (w * (1 - e) - outer(c(w %*% cs), c(w %*% rs), "+") * (1 - o))^2) - (o * e - 2 * e + o)^2) / (length(a) * (1 - e)^4)) }
add("kappa", "psych::cohen.kappa(cbind(a, b), w = linear); weighted standard errors: own code, the formula of Fleiss, Cohen, Everitt (1969)", list(a = a, b = bb, kappa = ck$kappa, se = sqrt(ck$var.kappa),
  ci = ck$confid[1, c(1, 3)], quadratic = ck$weighted.kappa, quadratic_se = fleiss(1 - (row(diag(4)) - col(diag(4)))^2 / 9), linear = cl$weighted.kappa, linear_se = fleiss(lin)))
truth <- rnorm(40); ratings <- sapply(1:4, function(r) pmin(5, pmax(1, round(3 + truth + rnorm(40, 0, .7)))))
ratings[sample(length(ratings), 50)] <- NA
by_pairs <- function(m, metric) { # alpha from all pairs of ratings, none of the counting of the package
  keep <- rowSums(!is.na(m)) > 1; m <- m[keep, ]; all <- m[!is.na(m)]; n <- length(all); tab <- table(factor(all, 1:5))
  d <- function(c, k) switch(metric, nominal = as.numeric(c != k), interval = (c - k)^2, ratio = ((c - k) / (c + k))^2,
    ordinal = { lo <- min(c, k); hi <- max(c, k); if (lo == hi) 0 else (sum(tab[lo:hi]) - (tab[lo] + tab[hi]) / 2)^2 })
  o <- 0; for (u in seq_len(nrow(m))) { v <- m[u, !is.na(m[u, ])]; s <- 0; for (i in seq_along(v)) for (j in seq_along(v)) if (i != j) s <- s + d(v[i], v[j]); o <- o + s / (length(v) - 1) }
  e <- 0; for (i in seq_len(n)) for (j in seq_len(n)) if (i != j) e <- e + d(all[i], all[j])
  unname(1 - (o / n) / (e / (n * (n - 1)))) }
add("krippendorff", "own code: mean distance of all pairs within units over that of all pairs",
    list(ratings = ratings, alpha = sapply(c("nominal", "ordinal", "interval", "ratio"), function(k) by_pairs(ratings, k))))

# -- branches
yes <- c(3, 5, 8, 2, 9, 7, 1, 6, 4, 10); trials <- c(10, 10, 12, 8, 12, 9, 6, 10, 4, 11)
v <- vglm(cbind(yes, trials - yes) ~ 1, betabinomial, epsilon = 1e-14, maxit = 200)
loglik <- function(m, r) { a <- m * (1 - r) / r; b <- (1 - m) * (1 - r) / r; sum(lbeta(a + yes, b + trials - yes) - lbeta(a, b)) }
slope <- function(m, r) { k <- (1 - r) / r; k * sum(digamma(m * k + yes) - digamma(m * k) - digamma((1 - m) * k + trials - yes) + digamma((1 - m) * k)) }
bend <- function(m, r) { k <- (1 - r) / r; k^2 * sum(trigamma(m * k + yes) - trigamma(m * k) + trigamma((1 - m) * k + trials - yes) - trigamma((1 - m) * k)) }
inner <- function(r) qlogis(uniroot(slope, c(.01, .99), r = r, tol = 1e-15)$root)
info <- function(t, r) { m <- plogis(t); -(bend(m, r) * (m * (1 - m))^2 + slope(m, r) * m * (1 - m) * (1 - 2 * m)) }
adjusted <- optimize(function(l) { r <- plogis(l); t <- inner(r); loglik(plogis(t), r) - log(info(t, r)) / 2 }, c(-6, 2), maximum = TRUE, tol = 1e-9)$maximum
add("branches", "VGAM::vglm(cbind(yes, trials - yes) ~ 1, betabinomial, epsilon = 1e-14); adjusted: own code, optimize over lbeta",
    list(yes = yes, trials = trials, share = unname(Coef(v)["mu"]), rho = unname(Coef(v)["rho"]), logit_se = sqrt(vcov(v)[1, 1]),
         adjusted_rho = plogis(adjusted), adjusted_share = plogis(inner(plogis(adjusted)))))

# -- power
add("power-change", "power.t.test(strict = TRUE)", list(
  two = power.t.test(n = 24, delta = .7, sd = 1.1, strict = TRUE)$power,
  two_delta = power.t.test(n = 24, sd = 1.1, power = .8, strict = TRUE, tol = 1e-14)$delta,
  two_n = ceiling(power.t.test(delta = .7, sd = 1.1, power = .9, strict = TRUE, tol = 1e-12)$n),
  paired = power.t.test(n = 18, delta = .5, sd = 1.1 * sqrt(2 * (1 - .6)), type = "paired", strict = TRUE)$power,
  paired_delta = power.t.test(n = 18, sd = 1.1 * sqrt(2 * (1 - .6)), power = .9, type = "paired", strict = TRUE, tol = 1e-14)$delta))
pairs_power <- function(n, p10, p01, alpha = .05) { total <- 0
  for (i in 0:n) for (j in 0:(n - i)) if (i + j > 0 && binom.test(i, i + j)$p.value <= alpha) total <- total + dmultinom(c(i, j, n - i - j), prob = c(p10, p01, 1 - p10 - p01))
  total }
add("power-pairs", "own code: binom.test for every table, dmultinom", list(n = c(12, 25, 40), p10 = c(.1, .1, .05), p01 = c(.5, .4, .3),
  power = c(pairs_power(12, .1, .5), pairs_power(25, .1, .4), pairs_power(40, .05, .3)),
  size = c(pairs_power(12, .3, .3), pairs_power(25, .25, .25), pairs_power(40, .175, .175))))

write_json(out, "small.json", auto_unbox = TRUE, digits = 15, pretty = TRUE, na = "null", matrix = "rowmajor")
cat(length(out$entries), "entries\n")
