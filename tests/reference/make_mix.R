# Values for what stands behind a change: mix, panel and attrition, effect sizes. Run here: Rscript make_mix.R
# Needs R with survey, metafor, jsonlite. Reads answers.csv, which make_reference.R wrote.
suppressMessages({library(survey); library(metafor); library(jsonlite)})
options(survey.lonely.psu = "fail")
answers <- read.csv("answers.csv", fileEncoding = "UTF-8")
out <- list(r = R.version.string, survey = as.character(packageVersion("survey")),
            metafor = as.character(packageVersion("metafor")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)
banks <- c("alpha", "beta", "gamma")  # delta is too small for cells of the mix
waves <- c("baseline", "endline")
frame <- subset(answers, bank %in% banks)
frame$bankwave <- interaction(frame$bank, frame$wave, sep = ".")
# a mix of firms that is not the stratum: size classes by weight
frame$size <- c("large", "medium", "small")[1 + (frame$weight > 6) + (frame$weight > 11)]
write.csv(frame[c("firm", "stratum", "weight", "bank", "wave", "score", "days", "size")], "mix.csv", row.names = FALSE,
          na = "", fileEncoding = "UTF-8")
shares <- c(large = .2, medium = .35, small = .45)
des <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = frame)

# -- standardised change: svystandardize, contrast of svyby with its covariance
for (item in c("score", "days")) {
  std <- svystandardize(des, by = ~size, over = ~bankwave, population = shares, excluding.missing = as.formula(paste0("~", item)))
  u <- c(); est <- c()
  for (w in waves) for (b in banks) {  # svyby(covmat = TRUE) stops at a standardised design, so its steps by hand
    r <- svymean(as.formula(paste0("~", item)), subset(std, bank == b & wave == w), influence = TRUE)
    u <- cbind(u, attr(r, "influence")); est <- c(est, coef(r)) }
  V <- svyrecvar(u, std$cluster, std$strata, std$fpc, postStrata = std$postStrata)
  L <- cbind(-diag(3), diag(3))
  single <- SE(svymean(as.formula(paste0("~", item)), subset(std, bank == "alpha" & wave == "baseline")))
  stopifnot(all.equal(as.numeric(single), sqrt(V[1, 1])))
  add(paste0("standardised-", item),
      paste0("svymean(~", item, ", subset(svystandardize(des, by=~size, over=~bankwave, population=shares, excluding.missing=~", item, "), bank & wave)), influences through svyrecvar, endline - baseline"),
      list(domain = banks, baseline = est[1:3], endline = est[4:6], change = as.numeric(L %*% est), se = sqrt(diag(L %*% V %*% t(L))))) }

# -- nonlinear functions of totals: svycontrast(svytotal(...), quote(...)), the delta method
delta <- function(data, variables, expressions) {
  for (name in names(variables)) data[[name]] <- variables[[name]]
  d <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = data)
  tot <- svytotal(make.formula(names(variables)), d)
  lapply(expressions, function(e) { r <- svycontrast(tot, list(x = e)); list(estimate = as.numeric(coef(r)), se = as.numeric(SE(r))) }) }
parse1 <- function(text) parse(text = text)[[1]]
kitagawa <- function(bank, item, a) {
  y <- frame[[item]]; ok <- frame$bank == bank & !is.na(y); y[!ok] <- 0
  vars <- list()
  for (t in 0:1) for (c in names(shares)) {
    inside <- as.numeric(ok & frame$wave == waves[t + 1] & frame$size == c)
    vars[[paste0("w", t, c)]] <- inside; vars[[paste0("y", t, c)]] <- inside * y }
  p <- function(t, c) sprintf("(w%d%s/(%s))", t, c, paste0("w", t, names(shares), collapse = "+"))
  m <- function(t, c) sprintf("(y%d%s/w%d%s)", t, c, t, c)
  rate <- paste(sapply(names(shares), function(c) sprintf("(%g*%s + %g*%s)*(%s - %s)", 1 - a, p(0, c), a, p(1, c), m(1, c), m(0, c))), collapse = " + ")
  comp <- paste(sapply(names(shares), function(c) sprintf("(%g*%s + %g*%s)*(%s - %s)", a, m(0, c), 1 - a, m(1, c), p(1, c), p(0, c))), collapse = " + ")
  delta(frame, vars, list(rate = parse1(rate), composition = parse1(comp))) }
for (weights in c("average", "baseline", "endline")) {
  a <- c(average = .5, baseline = 0, endline = 1)[[weights]]
  add(paste0("split-", weights), paste0("svycontrast of svytotal: Kitagawa's parts of days, weights ", weights),
      setNames(lapply(banks, kitagawa, item = "days", a = a), banks)) }

# -- panel, left, new
presence <- function(b, item) {
  data <- frame; y <- data[[item]]; here <- data$bank == b; ok <- here & !is.na(y); y[!ok] <- 0
  first <- unique(data$firm[here & data$wave == "baseline"]); last <- unique(data$firm[here & data$wave == "endline"])
  panel <- data$firm %in% intersect(first, last)
  vars <- list()
  for (t in 0:1) for (g in c("P", "S")) {
    inside <- as.numeric(ok & data$wave == waves[t + 1] & panel == (g == "P"))
    vars[[paste0("w", t, g)]] <- inside; vars[[paste0("y", t, g)]] <- inside * y }
  m <- function(t, g) sprintf("(y%d%s/w%d%s)", t, g, t, g)
  all <- function(t) sprintf("((y%dP + y%dS)/(w%dP + w%dS))", t, t, t, t)
  text <- list(change = sprintf("%s - %s", all(1), all(0)), panel_change = sprintf("%s - %s", m(1, "P"), m(0, "P")),
    turnover = sprintf("%s - %s - (%s - %s)", all(1), all(0), m(1, "P"), m(0, "P")),
    panel_baseline = m(0, "P"), panel_endline = m(1, "P"), left_baseline = m(0, "S"),
    left_difference = sprintf("%s - %s", m(0, "S"), m(0, "P")), new_endline = m(1, "S"),
    new_difference = sprintf("%s - %s", m(1, "S"), m(1, "P")))
  delta(data, vars, lapply(text, parse1)) }
add("presence", "svycontrast of svytotal: means of score of panel, left, new, and differences",
    setNames(lapply(banks[1:2], presence, item = "score"), banks[1:2]))  # all of gamma's panel changed alike

# -- effect sizes, weighted: change over the standard deviation, with the error of the standard deviation
effect <- function(b, item, spread) {
  y <- frame[[item]]; ok <- frame$bank == b & !is.na(y); y[!ok] <- 0; vars <- list(); n <- c()
  for (t in 0:1) { inside <- as.numeric(ok & frame$wave == waves[t + 1]); n[t + 1] <- sum(inside)
    vars[[paste0("w", t)]] <- inside; vars[[paste0("y", t)]] <- inside * y; vars[[paste0("q", t)]] <- inside * y^2 }
  v <- function(t) sprintf("(%.17g*(q%d/w%d - (y%d/w%d)^2))", n[t + 1] / (n[t + 1] - 1), t, t, t, t)
  s2 <- if (spread == "baseline") v(0) else sprintf("((%g*%s + %g*%s)/%g)", n[1] - 1, v(0), n[2] - 1, v(1), sum(n) - 2)
  delta(frame, vars, list(effect = parse1(sprintf("(y1/w1 - y0/w0)/sqrt(%s)", s2))))$effect }
for (spread in c("baseline", "pooled"))
  add(paste0("effect-", spread), paste0("svycontrast of svytotal: change of days over its ", spread, " standard deviation, no correction for few"),
      setNames(lapply(banks, effect, item = "days", spread = spread), banks))

# -- effect sizes, unweighted: metafor
first <- c(3.2, 4.1, 2.8, 5.0, 3.9, 4.4, 2.5, 3.3, 4.8, 3.7); last <- c(4.0, 4.4, 3.9, 5.1, 4.1, 4.9, 3.6, 3.5, 5.2, 4.4)
smd <- escalc("SMD", m1i = mean(last), sd1i = sd(last), n1i = 10, m2i = mean(first), sd2i = sd(first), n2i = 10)
smcr <- escalc("SMCR", m1i = mean(last), m2i = mean(first), sd1i = sd(first), ni = 10, ri = cor(first, last))
add("effect-metafor", "escalc(SMD) of two independent waves, escalc(SMCR) of ten respondents in both", list(
  first = first, last = last, smd = as.numeric(smd$yi), smcr = as.numeric(smcr$yi)))

# -- superiority: svycontrast of totals by level, weighted and clustered; Brunner-Munzel and DeLong; Obuchowski
super <- function(b, item) {
  y <- frame[[item]]; ok <- frame$bank == b & !is.na(y); vars <- list()
  for (t in 0:1) for (k in 1:5) vars[[paste0("w", t, k)]] <- as.numeric(ok & frame$wave == waves[t + 1] & y == k & ok)
  for (name in names(vars)) vars[[name]][is.na(vars[[name]])] <- 0
  whole <- function(t) paste0("w", t, 1:5, collapse = "+")
  pairs <- c(); for (i in 1:5) for (j in 1:i) pairs <- c(pairs, sprintf("%g*w1%d*w0%d", if (i == j) .5 else 1, i, j))
  delta(frame, vars, list(x = parse1(sprintf("(%s)/((%s)*(%s))", paste(pairs, collapse = "+"), whole(0), whole(1)))))$x }
add("superiority", "svycontrast of svytotal by level of score: P(endline > baseline) + P(tie)/2", setNames(lapply(banks, super, item = "score"), banks))
x <- c(1, 2, 3, 3, 4, 5, 5, 5, 2, 4, 5, 3); y <- c(3, 4, 5, 5, 5, 2, 5, 4, 5)
auc <- mean(outer(x, y, function(a, b) (b > a) + .5 * (b == a)))
v10 <- sapply(y, function(b) mean((b > x) + .5 * (b == x))); v01 <- sapply(x, function(a) mean((y > a) + .5 * (y == a)))
add("superiority-delong", "DeLong's variance from placements: var(v10)/n + var(v01)/m", list(first = x, last = y, estimate = auc, se = sqrt(var(v10) / length(y) + var(v01) / length(x))))
set.seed(3); clusters <- data.frame(id = rep(1:14, each = 4), wave = rep(c("baseline", "baseline", "endline", "endline"), 14))
clusters$y <- pmin(5, pmax(1, round(3 + rep(rnorm(14, 0, .8), each = 4) + .5 * (clusters$wave == "endline") + rnorm(56, 0, .8))))
a <- subset(clusters, wave == "baseline"); b <- subset(clusters, wave == "endline")
theta <- mean(outer(a$y, b$y, function(p, q) (q > p) + .5 * (q == p)))
v10 <- tapply(sapply(b$y, function(q) mean((q > a$y) + .5 * (q == a$y))) - theta, b$id, sum)
v01 <- tapply(sapply(a$y, function(p) mean((b$y > p) + .5 * (b$y == p))) - theta, a$id, sum)
I <- 14; s <- function(u, v, m, n) I / ((I - 1) * m * n) * sum(u * v)
add("superiority-obuchowski", "Obuchowski (1997), formula 4: clusters with answers of both waves", list(
  rows = clusters, estimate = theta, se = sqrt(s(v10, v10, nrow(b), nrow(b)) + s(v01, v01, nrow(a), nrow(a)) + 2 * s(v10, v01, nrow(b), nrow(a)))))

# -- attrition: one row a firm at the baseline, beta interval; means of those who left less those who stayed
all_base <- do.call(rbind, lapply(banks, function(b) { here <- frame[frame$bank == b, ]; base <- here[here$wave == "baseline", ]
  base$left <- as.numeric(!base$firm %in% here$firm[here$wave == "endline"]); base }))
all_once <- all_base[!duplicated(all_base[c("firm", "bank")]), ]
leaving <- function(b) {
  once <- subset(all_once, bank == b)
  d <- subset(svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = all_base), bank == b)
  firms <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = all_once)
  ci <- svyciprop(~left, subset(firms, bank == b), method = "beta")
  diff <- svycontrast(svyby(~score, ~left, subset(d, !is.na(score)), svymean, covmat = TRUE), c("1" = 1, "0" = -1))
  list(rate = as.numeric(ci), low = attr(ci, "ci")[[1]], high = attr(ci, "ci")[[2]], n = nrow(once), n_left = sum(once$left),
       difference = as.numeric(coef(diff)), se = as.numeric(SE(diff))) }
add("attrition", "svyciprop(~left, method='beta') over firms at the baseline; svycontrast of svyby(~score, ~left)", setNames(lapply(banks, leaving), banks))
add("adjusted", "p.adjust(c(.01, .04, .03, .5, NA), 'BH')", p.adjust(c(.01, .04, .03, .5, NA), "BH"))

writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), "mix.json", useBytes = TRUE)
