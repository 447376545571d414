# Makes the seeded tables regression.csv and sides.csv of this folder and R's numbers for regressions on them and on
# stages.csv. Run here: Rscript make_regression.R
# Needs R with survey, jsonlite, clubSandwich, MASS, ordinal (Debian: r-cran-*).
suppressMessages({library(survey); library(jsonlite); library(clubSandwich); library(MASS)})
set.seed(20221201)
options(survey.lonely.psu = "fail")
out <- list(r = R.version.string, survey = as.character(packageVersion("survey")),
            clubSandwich = as.character(packageVersion("clubSandwich")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)

# -- table 1: firms in towns rate banks in two waves; sector of four kinds, size, three to four items of one scale
towns <- data.frame(town = sprintf("T%02d", 1:36), stratum = rep(c("hills", "plain", "river"), c(12, 14, 10)))
rows <- list()
for (i in 1:36) for (f in seq_len(sample(2:5, 1))) {
  level <- rnorm(1, c(hills = 0, plain = .3, river = -.2)[towns$stratum[i]], .8) + .2 * (i %% 3)
  sector <- sample(c("farming", "industry", "services", "trade"), 1, prob = c(.2, .3, .25, .25))
  size <- round(exp(rnorm(1, 3, .8)), 1); weight <- round(runif(1, 2, 9) * c(2, 1, 1.5)[1 + i %% 3], 3)
  for (w in c("baseline", "endline")) if (runif(1) < .8) {
    bank <- sample(c("alpha", "beta", "gamma"), 1, prob = if (sector == "farming") c(.7, .2, .1) else c(.3, .3, .4))
    t <- level + .35 * (w == "endline") + .4 * (sector == "services") + .01 * size + .3 * (bank == "beta")
    cut5 <- function(v) pmin(5, pmax(1, round(3 + v)))
    rows[[length(rows) + 1]] <- data.frame(towns[i, ], firm = sprintf("T%02dF%d", i, f), weight = weight, wave = w,
      bank = bank, sector = sector, size = size, q1 = cut5(.9 * t + rnorm(1, 0, .7)), q2 = cut5(.8 * t + rnorm(1, 0, .7)),
      q3 = cut5(t + .4 * (w == "endline") + rnorm(1, 0, .6)), q4 = cut5(.7 * t + rnorm(1, 0, .8)),
      loan = as.integer(runif(1) < plogis(-.3 + .6 * t)), days = round(exp(rnorm(1, 2.2 - .2 * t, .4)), 1)) } }
firms <- do.call(rbind, rows)
firms$towns <- c(hills = 60, plain = 45, river = 31)[firms$stratum]
for (item in c("q1", "days", "loan", "size")) firms[[item]][runif(nrow(firms)) < .05] <- NA
firms$sector[runif(nrow(firms)) < .04] <- NA
firms <- firms[sample(nrow(firms)), ]; rownames(firms) <- NULL
write.csv(firms, "regression.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")
stages <- read.csv("stages.csv", encoding = "UTF-8")

# -- regressions
fit <- function(m) list(terms = names(coef(m)), estimate = unname(coef(m)), se = as.numeric(SE(m)), df = m$df.residual,
                        covariance = unname(vcov(m)), n = sum(m$prior.weights > 0))
logit <- function(formula, des, ...) fit(svyglm(formula, des, family = quasibinomial(), ...))
# glm stops where its weights are still those of the step before: started from its own answer it settles
settled <- function(formula, des) {
  g <- svyglm(formula, des, family = quasibinomial(), control = glm.control(epsilon = 1e-14, maxit = 200))
  svyglm(formula, des, family = quasibinomial(), start = coef(g), control = glm.control(epsilon = 1e-14, maxit = 200)) }
des <- svydesign(ids = ~town, strata = ~stratum, weights = ~weight, data = firms)
fpc <- svydesign(ids = ~town, strata = ~stratum, weights = ~weight, fpc = ~towns, data = firms)
srs <- svydesign(ids = ~1, weights = ~1, data = firms)
two <- svydesign(ids = ~town+village, strata = ~region, fpc = ~towns+villages, data = stages)
add("linear-clusters", "svyglm(days ~ sector + size, svydesign(~town, strata=~stratum, weights=~weight))", fit(svyglm(days ~ sector + size, des)))
add("linear-interaction", "svyglm(days ~ sector + size + sector:size, des)", fit(svyglm(days ~ sector + size + sector:size, des)))
add("linear-two-factors", "svyglm(days ~ sector + bank + sector:bank, des)", fit(svyglm(days ~ sector + bank + sector:bank, des)))
add("linear-fpc", "svyglm(days ~ sector + size, des with fpc=~towns)", fit(svyglm(days ~ sector + size, fpc)))
add("linear-plain", "svyglm(days ~ size, svydesign(~1, weights=~1))", fit(svyglm(days ~ size, srs)))
add("linear-two-stages", "svyglm(income ~ sex + wave, svydesign(~town+village, strata=~region, fpc=~towns+villages))", fit(svyglm(income ~ sex + wave, two)))
for (b in c("alpha", "beta", "gamma")) add(paste0("linear-domain-", b), paste0("svyglm(days ~ sector + size, subset(des, bank == '", b, "'))"), fit(svyglm(days ~ sector + size, subset(des, bank == b))))
add("logistic-clusters", "svyglm(loan ~ sector + size, des, quasibinomial)", logit(loan ~ sector + size, des))
add("logistic-interaction", "svyglm(loan ~ wave + size + wave:size, des, quasibinomial)", logit(loan ~ wave + size + wave:size, des))
add("logistic-fpc", "svyglm(loan ~ sector + wave, fpc, quasibinomial)", logit(loan ~ sector + wave, fpc))
add("logistic-plain", "svyglm(loan ~ size, svydesign(~1, weights=~1), quasibinomial)", logit(loan ~ size, srs))
add("logistic-two-stages", "svyglm(I(sex == 'f') ~ income + wave, svydesign(~town+village, strata=~region, fpc=~towns+villages), quasibinomial)", logit(I(sex == "f") ~ income + wave, two))
add("logistic-loose", "svyglm(loan ~ sector + size, des, quasibinomial), epsilon 1e-3", logit(loan ~ sector + size, des, control = glm.control(epsilon = 1e-3)))
for (b in c("alpha", "beta", "gamma")) add(paste0("logistic-domain-", b), paste0("svyglm(loan ~ sector + size, subset(des, bank == '", b, "'), quasibinomial)"), logit(loan ~ sector + size, subset(des, bank == b)))
few <- svydesign(ids = ~town, strata = ~stratum, weights = ~weight, data = transform(firms, weight = ifelse(!is.na(size) & size > 60, 0, weight), loan = as.integer(days > 18)))
add("logistic-rare", "svyglm(days > 18 ~ wave + size, des with weight 0 where size > 60, quasibinomial)", logit(loan ~ wave + size, few))
add("logistic-settled-clusters", "svyglm(loan ~ sector + size, des, quasibinomial), epsilon 1e-14, restarted", fit(settled(loan ~ sector + size, des)))
add("logistic-settled-fpc", "svyglm(loan ~ sector + wave, fpc, quasibinomial), epsilon 1e-14, restarted", fit(settled(loan ~ sector + wave, fpc)))
add("logistic-settled-gamma", "svyglm(loan ~ size, subset(des, bank == 'gamma'), quasibinomial), epsilon 1e-14, restarted", fit(settled(loan ~ size, subset(des, bank == "gamma"))))
lonely <- firms[!(firms$stratum == "river" & firms$town != "T27"), ]
for (o in c("remove", "adjust", "average", "certainty")) { options(survey.lonely.psu = o)
  one <- svydesign(ids = ~town, strata = ~stratum, weights = ~weight, data = lonely)
  add(paste0("linear-lonely-", o), paste0("svyglm(days ~ size), river has town T27 only, survey.lonely.psu=", o), fit(svyglm(days ~ size, one))) }
options(survey.lonely.psu = "fail")
tt <- svyttest(I(q3 - q4) ~ 0, des)
add("t-test", "svyttest(I(q3 - q4) ~ 0, des)", list(t = unname(tt$statistic), df = unname(tt$parameter), p = unname(tt$p.value), estimate = unname(tt$estimate), ci = as.numeric(tt$conf.int)))

# -- table 2: two sides in two waves, clusters of very different size, one that alone has a covariate's category
size <- c(3, 12, 4, 7, 2, 9, 5, 14, 6, 3, 8, 4, 5)
sides <- data.frame(cluster = rep(sprintf("C%02d", 1:13), size))
k <- as.integer(factor(sides$cluster)); n <- nrow(sides)
sides$treated <- as.integer(k %in% c(2, 3, 6, 9, 10, 12)); sides$post <- rep_len(0:1, n)
sides$age <- round(rnorm(n, 40, 9) + k, 1); sides$kind <- ifelse(k == 5, "rare", c("a", "b")[1 + (runif(n) < .5)])
sides$w <- round(runif(n, .5, 4), 2)
sides$y <- round(2 + .3 * sides$post + .4 * sides$treated * sides$post + .02 * sides$age + rnorm(13, 0, .5)[k] + rnorm(n, 0, .7), 2)
write.csv(sides, "sides.csv", row.names = FALSE, fileEncoding = "UTF-8")
cr2 <- function(m) { t <- as.data.frame(coef_test(m, vcov = "CR2", cluster = sides$cluster, test = "Satterthwaite"))
  list(terms = rownames(t), estimate = t$beta, se = t$SE, df = t$df_Satt, p = t$p_Satt) }
add("cr2-plain", "lm(y ~ treated * post); coef_test CR2 Satterthwaite", cr2(lm(y ~ treated * post, sides)))
add("cr2-covariates", "lm(y ~ treated + post + age + treated:post)", cr2(lm(y ~ treated + post + age + treated:post, sides)))
add("cr2-weights", "lm(y ~ treated + post + age + treated:post, weights = w)", cr2(lm(y ~ treated + post + age + treated:post, sides, weights = w)))
add("cr2-leverage", "lm(y ~ treated + post + kind + treated:post): cluster C05 alone is of kind rare, leverage 1", cr2(lm(y ~ treated + post + kind + treated:post, sides)))
add("cr2-leverage-weights", "the same with weights = w", cr2(lm(y ~ treated + post + kind + treated:post, sides, weights = w)))

# -- proportional odds
tight <- list(reltol = 1e-16, maxit = 5000)
firms$late <- as.integer(firms$wave == "endline")
for (b in c("alpha", "beta", "gamma")) {
  part <- subset(firms, bank == b & !is.na(q1)); part$y <- factor(part$q1)
  p <- polr(y ~ late, part, Hess = TRUE, control = tight); cl <- ordinal::clm(y ~ late, data = part, control = list(gradTol = 1e-10))
  o <- svyolr(y ~ late, { d <- subset(des, bank == b & !is.na(q1)); d$variables$y <- factor(d$variables$q1); d$variables$late <- as.integer(d$variables$wave == "endline"); d }, control = tight)
  add(paste0("odds-", b), "MASS::polr, ordinal::clm (unweighted), survey::svyolr (weighted): factor(q1) ~ late, rows of the bank",
      list(polr = unname(coef(p)), clm = unname(cl$beta), clm_se = unname(sqrt(diag(vcov(cl)))["late"]), svyolr = unname(coef(o)[1]), svyolr_se = unname(SE(o)[1]))) }

# -- items that mean the same in both waves
items <- c("q1", "q2", "q3", "q4")
scale <- subset(des, rowSums(is.na(des$variables[items])) == 0)
v <- scale$variables; wt <- weights(scale); g <- as.integer(v$wave == "endline")
for (item in items) { rest <- rowMeans(v[setdiff(items, item)]); centre <- weighted.mean(rest, wt)
  d <- update(scale, y = v[[item]], r = rest - centre, g = g); m <- svyglm(y ~ r + g + r:g, d)
  wv <- function(x, k) { i <- g == k; weighted.mean((x[i] - weighted.mean(x[i], wt[i]))^2, wt[i]) }
  within <- function(x) sqrt((wv(x, 0) * sum(wt[g == 0]) + wv(x, 1) * sum(wt[g == 1])) / sum(wt)); s <- within(rest)
  # moments of each wave as ratios of totals; then the delta method by symbolic derivatives
  o <- as.matrix(v[setdiff(items, item)]); pairs <- (rowSums(o)^2 - rowSums(o^2)) / 6
  cols <- list(n = 1, y = v[[item]], r = rest, yr = v[[item]] * rest, a = o[, 1], b = o[, 2], c = o[, 3], p = pairs)
  frame <- do.call(cbind, unlist(lapply(0:1, function(k) setNames(lapply(cols, function(x) x * (g == k)), paste0(names(cols), k))), recursive = FALSE))
  tot <- svytotal(frame, scale)
  mom <- function(k) { z <- function(x) parse(text = sprintf("(%s%d/n%d)", x, k, k))[[1]]
    slope <- bquote((.(z("yr")) - .(z("y")) * .(z("r"))) / (.(z("p")) - (.(z("a")) * .(z("b")) + .(z("a")) * .(z("c")) + .(z("b")) * .(z("c"))) / 3))
    list(slope = slope, at = bquote(.(z("y")) + .(slope) * (.(centre) - .(z("r"))))) }
  true <- svycontrast(tot, list(uniform = bquote(.(mom(1)$at) - .(mom(0)$at)), slope = bquote((.(mom(1)$slope) - .(mom(0)$slope)) * .(s))))
  add(paste0("items-", item), "rest: svyglm(item ~ I(rest - c) * wave), slope times s; true_score: svycontrast of svytotal of moments",
      list(rest = unname(coef(m)[c("g", "r:g")]) * c(1, s), rest_se = as.numeric(SE(m))[c(3, 4)] * c(1, s), deviation = within(v[[item]]),
           true_score = unname(coef(true)), true_score_se = as.numeric(SE(true)))) }

# -- case mix: coefficients of svyglm, linearised values, svyrecvar
adjust <- function(des, groups, target = NULL) {
  des <- subset(des, !is.na(days) & !is.na(sector) & !is.na(size)); des$variables$group <- factor(groups(des$variables))
  m <- svyglm(days ~ 0 + group + sector + size, des); k <- nlevels(des$variables$group)
  x <- model.matrix(m); w <- weights(des); u <- (x * w * (des$variables$days - fitted(m))) %*% solve(crossprod(x, x * w))
  z <- x[, -seq_len(k)]; mean <- if (is.null(target)) colSums(w * z) / sum(w) else target
  load <- cbind(diag(k), matrix(mean, k, ncol(z), byrow = TRUE)); v <- u %*% t(load)
  if (is.null(target)) v <- v + as.numeric(sweep(z, 2, mean) %*% coef(m)[-seq_len(k)]) * w / sum(w)
  cov <- svyrecvar(v, des$cluster, des$strata, des$fpc)
  list(names = levels(des$variables$group), adjusted = as.numeric(load %*% coef(m)), covariance = unname(cov), slopes = unname(coef(m)[-seq_len(k)]), u = v, des = des) }
keep <- function(r) r[c("names", "adjusted", "covariance", "slopes")]
add("mix-pooled", "svyglm(days ~ 0 + bank + sector + size), mean prediction of all rows, svyrecvar of its linearised values", keep(adjust(des, function(v) v$bank)))
target <- c(.25, .25, .25, 30)
add("mix-target", "the same for a known population: a quarter of each sector, size 30", keep(adjust(des, function(v) v$bank, target)))
add("mix-fpc", "mix-pooled with fpc = ~towns", keep(adjust(fpc, function(v) v$bank)))
r <- adjust(des, function(v) paste(v$bank, v$wave)); late <- 2 * (1:3)
add("mix-change", "bank x wave levels, endline minus baseline", list(baseline = r$adjusted[late - 1], endline = r$adjusted[late],
    covariance = unname(svyrecvar(r$u[, late] - r$u[, late - 1], r$des$cluster, r$des$strata, r$des$fpc))))
raw <- svyby(~days, ~bank, subset(des, !is.na(days) & !is.na(sector) & !is.na(size)), svymean)
add("mix-raw", "svyby(~days, ~bank, rows with sector and size, svymean)", list(estimate = unname(coef(raw)), se = unname(SE(raw))))
whole <- update(subset(des, !is.na(days) & !is.na(sector) & !is.na(size)), bank = factor(bank))
pm <- svypredmeans(svyglm(days ~ sector + size, whole), ~bank); o <- order(names(coef(pm)))
add("mix-svypredmeans", "svypredmeans(svyglm(days ~ sector + size), ~bank): levels, and the part of the variance with the mix known",
    list(estimate = unname(coef(pm))[o], known = unname(attr(attr(pm, "var"), "parts")[[1]])[o, o]))
write_json(out, "regression.json", auto_unbox = TRUE, digits = 15, pretty = TRUE)
cat(length(out$entries), "entries\n")
