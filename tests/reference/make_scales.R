# Makes scales.csv (answers to a scale, seeded) and R's numbers for it. Run here: Rscript make_scales.R
# Needs R with psych, lavaan, survey, jsonlite (Debian: r-cran-psych r-cran-lavaan r-cran-survey r-cran-jsonlite).
suppressMessages({library(psych); library(lavaan); library(survey); library(jsonlite)})
set.seed(20221130)

# firms, some of which answer twice, rate a bank on eight points: five of one kind, one of them asked the other way
# round (cost), and three of another kind (branch); overall satisfaction beside them; answers missing
firms <- data.frame(firm = sprintf("F%03d", 1:210), stratum = rep(c("micro", "small", "village"), c(110, 60, 40)))
firms$weight <- round(c(micro = 9, small = 4, village = 15)[firms$stratum] * runif(210, .6, 1.5), 3)
rows <- firms[rep(1:210, times = sample(1:2, 210, TRUE, c(.7, .3))), ]
n <- nrow(rows)
rows$bank <- sample(c("alpha", "beta"), n, TRUE)
liking <- rnorm(210)[match(rows$firm, firms$firm)] * .6 + rnorm(n) * .8
place <- .3 * liking + rnorm(n)
point <- function(of, loading) pmin(5, pmax(1, round(3.2 + loading * of + rnorm(n, 0, .7))))
rows$speed <- point(liking, .8); rows$papers <- point(liking, .7); rows$advice <- point(liking, .6)
rows$clarity <- point(liking, .75); rows$cost <- 6 - point(liking, .5)
rows$seats <- point(place, .8); rows$hours <- point(place, .7); rows$parking <- point(place, .6)
rows$overall <- pmin(10, pmax(0, round(6 + 1.1 * liking + .3 * place + rnorm(n))))
for (item in c("speed", "papers", "clarity", "parking", "overall")) rows[[item]][runif(n) < .04] <- NA
rownames(rows) <- NULL
write.csv(rows, "scales.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")

out <- list(r = R.version.string, psych = as.character(packageVersion("psych")), lavaan = as.character(packageVersion("lavaan")),
            survey = as.character(packageVersion("survey")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)
one <- c("speed", "papers", "advice", "clarity", "cost")
two <- c(one, "seats", "hours", "parking")
turned <- within(rows, cost <- -cost)
whole <- function(data, items) data[complete.cases(data[items]), ]

# -- reliability of each bank, cost turned
for (b in c("alpha", "beta")) {
  x <- whole(turned[turned$bank == b, ], one)[one]
  a <- psych::alpha(x, check.keys = FALSE)
  ci <- alpha.ci(a$total$raw_alpha, nrow(x), length(one), digits = 17)
  # minres once more, from where psych stops and to the bottom: its own tolerance is 1e-7 of the sum of squares
  r <- cor(x)
  off <- lower.tri(r)
  loss <- function(l) sum((r - tcrossprod(l))[off]^2)
  slope <- function(l) { e <- r - tcrossprod(l); diag(e) <- 0; -2 * as.vector(e %*% l) }
  l <- optim(abs(fa(x, 1, fm = "minres")$loadings[, 1]), loss, slope, method = "BFGS", control = list(reltol = 1e-300, maxit = 1e4))$par
  om <- suppressWarnings(suppressMessages(omega(x, nfactors = 1, plot = FALSE)))
  add(paste0("reliability-", b), "psych::alpha, alpha.ci, omega(nfactors=1)$omega.tot; minres by optim(BFGS)", list(
    n = nrow(x), alpha = a$total$raw_alpha, std_alpha = a$total$std.alpha, low = ci$lower.ci[[1]], high = ci$upper.ci[[1]],
    drop = a$alpha.drop$raw_alpha, rest = a$item.stats$r.drop, sd = as.numeric(sapply(x, sd)), omega_psych = om$omega.tot,
    omega = 1 - sum(1 - l^2) / sum(r), minres = l, minres_psych = as.numeric(fa(x, 1, fm = "minres")$loadings[, 1])))
}

# -- the same under the design: alpha of svyvar, its error by the derivative and svyvar's own covariance
des <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = turned)
for (b in c("alpha", "beta")) {
  part <- des[turned$bank == b & complete.cases(turned[one]), ]
  v <- svyvar(~speed + papers + advice + clarity + cost, part)
  s <- matrix(as.numeric(coef(v)), 5)
  k <- 5; whole_var <- sum(s); own <- sum(diag(s))
  slope <- -k / (k - 1) * (diag(5) * whole_var - own) / whole_var^2
  add(paste0("design-", b), "alpha of svyvar(); se by its derivative and vcov(svyvar())", list(
    alpha = k / (k - 1) * (1 - own / whole_var), se = sqrt(as.numeric(t(as.vector(slope)) %*% vcov(v) %*% as.vector(slope))),
    df = degf(des), sd = sqrt(diag(s)), mean = as.numeric(coef(svymean(~speed + papers + advice + clarity + cost, part)))))
}
jack <- as.svrepdesign(des, type = "JKn")
inside <- turned$bank == "alpha" & complete.cases(turned[one])
add("design-jackknife", "withReplicates(as.svrepdesign(JKn)): alpha of bank alpha",
    as.numeric(SE(withReplicates(jack, function(w, data) { x <- as.matrix(data[inside, one]); s <- cov.wt(x, w[inside])$cov
      5 / 4 * (1 - sum(diag(s)) / sum(s)) }))))

# -- one factor: maximum likelihood
for (scale in c("one", "two")) {
  items <- get(scale)
  x <- whole(turned, items)[items]
  fit <- cfa(paste("f =~", paste(items, collapse = " + ")), x, std.lv = TRUE)
  m <- fitMeasures(fit, c("chisq", "df", "pvalue", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "cfi", "srmr"))
  load <- as.numeric(inspect(fit, "std")$lambda)
  fac <- factanal(x, 1, control = list(opt = list(factr = 10, pgtol = 0)))
  add(paste0("factor-", scale), "lavaan::cfa(std.lv=TRUE), fitMeasures; factanal(x, 1)", c(
    list(n = nrow(x), loading = load * sign(sum(load)), unique = as.numeric(diag(inspect(fit, "std")$theta)),
         factanal = as.numeric(fac$loadings) * sign(sum(fac$loadings)), eigenvalues = eigen(cor(x))$values), as.list(m)))
}
set.seed(3)
add("parallel", "fa.parallel: 95 % of eigenvalues of random normal correlations, 60 answers to 5 items, 20,000 draws; error about .003",
    apply(replicate(20000, eigen(cor(matrix(rnorm(300), 60)), only.values = TRUE)$values), 1, quantile, .95))

# -- drivers: Lindeman, Merenda and Gold over all subsets, Johnson's relative weights
lmg <- function(y, x, w) {
  p <- ncol(x)
  r2 <- sapply(0:(2^p - 1), function(s) { use <- which(bitwAnd(s, 2^(0:(p - 1))) > 0)
    if (length(use)) summary(lm(y ~ ., data = x[use], weights = w))$r.squared else 0 })
  sapply(1:p, function(j) sum(sapply(which(bitwAnd(0:(2^p - 1), 2^(j - 1)) == 0) - 1, function(s) {
    k <- sum(bitwAnd(s, 2^(0:(p - 1))) > 0)
    factorial(k) * factorial(p - k - 1) / factorial(p) * (r2[s + 2^(j - 1) + 1] - r2[s + 1]) })))
}
johnson <- function(r) { p <- ncol(r) - 1; e <- eigen(r[1:p, 1:p]); half <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
  as.numeric(half^2 %*% solve(half, r[1:p, p + 1])^2) }
for (b in c("alpha", "beta")) {
  d <- whole(rows[rows$bank == b, ], c(two, "overall"))
  r <- cov.wt(d[c(two, "overall")], d$weight, cor = TRUE)$cor
  add(paste0("drivers-", b), "lm() on all subsets with weights (LMG); Johnson's weights by eigen()", list(
    n = nrow(d), n_psu = length(unique(d$firm)), r2 = summary(lm(overall ~ ., d[c(two, "overall")], weights = d$weight))$r.squared,
    lmg = lmg(d$overall, d[two], d$weight), johnson = johnson(r), correlation = as.numeric(r[1:8, 9]), vif = as.numeric(diag(solve(r[1:8, 1:8])))))
}
add("drivers-swiss", "datasets::swiss, Fertility on the others: lmg as published in the manual of relaimpo",
    list(lmg = lmg(swiss$Fertility, swiss[-1], rep(1, 47)), correlation = cor(swiss[c(2:6, 1)])))
write_json(out, "scales.json", auto_unbox = TRUE, digits = NA, pretty = FALSE, matrix = "rowmajor")
cat(length(out$entries), "entries,", n, "answers\n")
