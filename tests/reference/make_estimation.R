# Makes replicate weights for the firms of answers.csv and R's numbers for quantiles, recoded answers, intervals and
# replicate weights. Run here: Rscript make_estimation.R   (after make_reference.R, whose tables it reads)
# Needs R with survey and jsonlite (Debian: r-cran-survey r-cran-jsonlite).
suppressMessages({library(survey); library(jsonlite)})
options(survey.lonely.psu = "fail", warn = 1)
answers <- read.csv("answers.csv", fileEncoding = "UTF-8")
stages <- read.csv("stages.csv", fileEncoding = "UTF-8")
banks <- sort(unique(answers$bank)); waves <- c("baseline", "endline")
out <- list(r = R.version.string, survey = as.character(packageVersion("survey")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)
present <- function(des, item) des[!is.na(des$variables[[item]]), ]

# -- factors of the firms' weights, one column a replicate
set.seed(8)
firms <- unique(answers[, c("firm", "stratum")]); firms <- firms[order(firms$firm), ]; n <- nrow(firms)
factors <- data.frame(firm = firms$firm)
jk1 <- (1 - diag(n)) * n / (n - 1)
jkn <- matrix(1, n, n)
for (j in 1:n) { own <- firms$stratum == firms$stratum[j]; jkn[own, j] <- sum(own) / (sum(own) - 1); jkn[j, j] <- 0 }
half <- ave(seq_len(n), firms$stratum, FUN = function(i) sample(rep(0:1, length.out = length(i))))
signs <- 2 * hadamard(7)[2:8, ] - 1   # 7 orthogonal rows; one a stratum
sign_of <- signs[match(firms$stratum, sort(unique(firms$stratum))), ] * (2 * half - 1)
boot <- subbootweights(firms$stratum, firms$firm, replicates = 30)$repweights
boot <- as.matrix(boot$weights[boot$index, ])
add_columns <- function(name, m) for (k in seq_len(ncol(m))) factors[[paste0(name, k)]] <<- signif(m[, k], 12)
add_columns("jk1_", jk1); add_columns("jkn_", jkn); add_columns("brr_", 1 + sign_of); add_columns("fay_", 1 + .7 * sign_of); add_columns("boot_", boot)
write.csv(factors, "replicates.csv", row.names = FALSE, fileEncoding = "UTF-8")
factors <- read.csv("replicates.csv", fileEncoding = "UTF-8")
rscales <- 1 - 1 / as.numeric(table(firms$stratum)[firms$stratum])
columns <- function(name) as.matrix(factors[match(answers$firm, factors$firm), grep(paste0("^", name), names(factors))])
designs <- list(
  jk1 = function(mse) svrepdesign(answers, columns("jk1_"), answers$weight, type = "JK1", combined.weights = FALSE, scale = (n - 1) / n, mse = mse),
  jkn = function(mse) svrepdesign(answers, columns("jkn_"), answers$weight, type = "JKn", combined.weights = FALSE, scale = 1, rscales = rscales, mse = mse),
  brr = function(mse) svrepdesign(answers, columns("brr_") * answers$weight, answers$weight, type = "BRR", combined.weights = TRUE, mse = mse),
  fay = function(mse) svrepdesign(answers, columns("fay_") * answers$weight, answers$weight, type = "Fay", rho = .3, combined.weights = TRUE, mse = mse),
  bootstrap = function(mse) svrepdesign(answers, columns("boot_") * answers$weight, answers$weight, type = "bootstrap", combined.weights = TRUE, mse = mse))
add("rscales", "1 - 1/n_h of each replicate of jkn", rscales)

# -- R's numbers: one row a domain; a domain is the subset of the design
domains <- function(des, item, f, by = "bank") do.call(rbind, lapply(sort(unique(answers[[by]])), function(b) {
  d <- present(des, item); d <- d[d$variables[[by]] == b, ]; data.frame(domain = b, as.list(f(d))) }))
quantile_of <- function(item, p, kind) function(d) { q <- suppressWarnings(svyquantile(as.formula(paste0("~", item)), d, p, interval.type = kind))[[1]]
  c(estimate = q[1, 1], low = q[1, 2], high = q[1, 3], se = q[1, 4], df = degf(d)) }
mean_of <- function(item) function(d) { m <- svymean(as.formula(paste0("~", item)), d, deff = TRUE); c(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m))) }
prop_of <- function(formula, method) function(d) { p <- svyciprop(formula, d, method = method); c(estimate = as.numeric(p), low = attr(p, "ci")[[1]], high = attr(p, "ci")[[2]]) }
one <- function(d, item, f) { d <- present(d, item); data.frame(domain = "all", as.list(f(d))) }

for (k in names(designs)) for (mse in c(FALSE, TRUE)) { des <- designs[[k]](mse); id <- paste0("replicate-", k, if (mse) "-mse" else "")
  tot <- function(d) { m <- svytotal(~paid, d, deff = TRUE); c(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m))) }
  rat <- function(d) { m <- svyratio(~paid, ~asked, d); c(estimate = as.numeric(coef(m)), se = as.numeric(SE(m))) }
  chg <- do.call(rbind, lapply(banks, function(b) { r <- lapply(waves, function(w) { d <- present(des, "days"); d <- d[d$variables$bank == b & d$variables$wave == w, ]; svymean(~days, d, return.replicates = TRUE) })
    c1 <- as.numeric(coef(r[[1]])); c2 <- as.numeric(coef(r[[2]]))
    data.frame(domain = b, baseline = c1, endline = c2, se = sqrt(as.numeric(survey:::svrVar(as.numeric(r[[2]]$replicates) - as.numeric(r[[1]]$replicates), des$scale, des$rscales, mse = mse, coef = c2 - c1)))) }))
  var_of <- function(reps, coef) sqrt(as.numeric(survey:::svrVar(as.numeric(reps), des$scale, des$rscales, mse = mse, coef = as.numeric(coef))))
  sub <- function(item, b, w) { d <- present(des, item); d[d$variables$bank == b & d$variables$wave == w, ] }
  chg_total <- do.call(rbind, lapply(banks, function(b) { r <- lapply(waves, function(w) svytotal(~paid, sub("paid", b, w), return.replicates = TRUE))
    data.frame(domain = b, se = var_of(r[[2]]$replicates - r[[1]]$replicates, coef(r[[2]]) - coef(r[[1]]))) }))
  chg_median <- do.call(rbind, lapply(banks, function(b) { r <- lapply(waves, function(w) { d <- sub("days", b, w); q <- suppressWarnings(svyquantile(~days, d, .5))[[1]]
      m <- svymean(as.formula(paste0("~as.numeric(days <= ", q[1, 1], ")")), d, return.replicates = TRUE); s <- q[1, 4] / as.numeric(SE(m)); list(q = q[1, 1], reps = -s * as.numeric(m$replicates), coef = -s * as.numeric(coef(m))) })
    data.frame(domain = b, baseline = r[[1]]$q, endline = r[[2]]$q, se = if (anyNA(c(r[[1]]$coef, r[[2]]$coef))) NA else var_of(r[[2]]$reps - r[[1]]$reps, r[[2]]$coef - r[[1]]$coef)) }))
  add(id, paste0("svrepdesign(type='", k, "', mse=", mse, "): svymean, svytotal, svyratio, svyquantile(interval.type='mean'), svyciprop by bank; changes of svymean(~days), svytotal(~paid), svyquantile(~days, .5)"),
    list(degf = degf(des), whole = one(des, "days", mean_of("days")), mean = domains(des, "days", mean_of("days")), total = domains(des, "paid", tot), ratio = domains(des, "paid", rat),
         median = domains(des, "days", quantile_of("days", .5, "mean")), upper = one(des, "days", quantile_of("days", .75, "mean")),
         logit = domains(des, "solved", prop_of(~solved, "logit")), beta = domains(des, "solved", prop_of(~solved, "beta")),
         domain_df = sapply(banks, function(b) { d <- present(des, "days"); degf(d[d$variables$bank == b, ]) }), change = chg, change_total = chg_total, change_median = chg_median)) }

# -- linearised: quantiles of the whole and of domains, with ties (score) and without (days), by three kinds of interval
plain <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = answers)
fpc <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, fpc = ~fpc, data = answers)
for (kind in c("mean", "xlogit", "beta")) for (item in c("days", "score")) {
  value <- list()
  for (p in c(.1, .25, .5, .75, .9)) value[[as.character(p)]] <- rbind(one(fpc, item, quantile_of(item, p, kind)), domains(fpc, item, quantile_of(item, p, kind)))
  add(paste0("quantile-", kind, "-", item), paste0("svyquantile(~", item, ", subset(fpc, bank==b), p, interval.type='", kind, "')"), value) }
two_stage <- svydesign(ids = ~town + village, strata = ~region, fpc = ~towns + villages, data = stages)
add("quantile-stages", "two stages: svyquantile(~income, c(.25,.5,.75))", { q <- svyquantile(~income, present(two_stage, "income"), c(.25, .5, .75))[[1]]
  data.frame(estimate = q[, 1], low = q[, 2], high = q[, 3], se = q[, 4]) })

# -- recoded answers
add("share-within", "svyciprop(~I(days <= 9.1)) by bank, logit and beta; svymean deff",
  list(logit = domains(fpc, "days", prop_of(~I(days <= 9.1), "logit")), beta = domains(fpc, "days", prop_of(~I(days <= 9.1), "beta")),
       mean = domains(fpc, "days", function(d) { m <- svymean(~as.numeric(days <= 9.1), d, deff = TRUE); c(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m))) })))
add("top-box", "svyciprop(~I(score >= 4), method='beta') by bank", domains(fpc, "score", prop_of(~I(score >= 4), "beta")))
answers$recommend <- 2 * answers$score  # 2, 4 .. 10
nps <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = answers)
add("net-promoter", "svymean(~I(100*(recommend>=9) - 100*(recommend<=6))) by bank, recommend = 2*score",
  domains(nps, "recommend", function(d) { m <- svymean(~as.numeric(100 * (recommend >= 9) - 100 * (recommend <= 6)), d); c(estimate = as.numeric(coef(m)), se = as.numeric(SE(m))) }))

# -- change of quantiles: linearised shares of both waves, each over the slope of its Woodruff limits, stacked
change_of_quantile <- function(des, item, p) do.call(rbind, lapply(banks, function(b) {
  v <- des$variables; u <- 0; value <- c()
  for (w in waves) { inside <- v$bank == b & v$wave == w & !is.na(v[[item]]); d <- des[inside, ]
    q <- svyquantile(as.formula(paste0("~", item)), d, p)[[1]]; m <- svymean(as.formula(paste0("~as.numeric(", item, " <= ", q[1, 1], ")")), d, influence = TRUE)
    part <- rep(0, nrow(v)); part[inside] <- -attr(m, "influence") * q[1, 4] / as.numeric(SE(m)); u <- u + part * (if (w == "endline") 1 else -1); value <- c(value, q[1, 1], q[1, 4]) }
  data.frame(domain = b, baseline = value[1], endline = value[3], se = sqrt(as.numeric(svyrecvar(as.matrix(u), des$cluster, des$strata, des$fpc))), se_baseline = value[2], se_endline = value[4]) }))
add("change-quantile", "endline minus baseline of svyquantile(~days, .5) by bank: linearised shares times SE(quantile)/SE(share), svyrecvar", change_of_quantile(plain, "days", .5))

# -- single proportions and their differences
add("wilson", "prop.test(x, n, correct=FALSE)$conf.int", do.call(rbind, lapply(list(c(3, 14), c(0, 9), c(20, 20), c(45, 80)), function(v) {
  i <- prop.test(v[1], v[2], correct = FALSE)$conf.int; data.frame(x = v[1], n = v[2], low = i[1], high = i[2]) })))
newcombe <- function(x1, n1, x2, n2, r = 0) { l <- prop.test(x1, n1, correct = FALSE)$conf.int; k <- prop.test(x2, n2, correct = FALSE)$conf.int; a <- x1 / n1; b <- x2 / n2
  c(low = b - a - sqrt((b - k[1])^2 - 2 * r * (b - k[1]) * (l[2] - a) + (l[2] - a)^2), high = b - a + sqrt((k[2] - b)^2 - 2 * r * (k[2] - b) * (a - l[1]) + (a - l[1])^2)) }
suppressWarnings(add("mover-independent", "Wilson limits of prop.test(correct=FALSE), squared and added", do.call(rbind, lapply(list(c(48, 80, 56, 70), c(3, 10, 9, 10), c(2, 7, 6, 7), c(0, 29, 5, 56), c(0, 20, 0, 10), c(0, 20, 10, 10)), function(v)
  data.frame(x1 = v[1], n1 = v[2], x2 = v[3], n2 = v[4], as.list(newcombe(v[1], v[2], v[3], v[4])))))))
pairs <- list(c(14, 5, 0, 22), c(1, 1, 7, 12), c(36, 12, 2, 0))
suppressWarnings(add("mover-paired", "the same with phi of the table (yes/yes, yes/no, no/yes, no/no); second share minus first", do.call(rbind, lapply(pairs, function(v) { m <- matrix(v, 2, byrow = TRUE); s <- sum(v)
  above <- v[1] * v[4] - v[2] * v[3]; root <- sqrt(prod(rowSums(m), colSums(m))); less <- if (above > 0) max(above - s / 2, 0) else above
  plain <- newcombe(v[1] + v[2], s, v[1] + v[3], s, above / root); corrected <- newcombe(v[1] + v[2], s, v[1] + v[3], s, less / root)
  data.frame(a = v[1], b = v[2], c = v[3], d = v[4], phi = above / root, as.list(plain), corrected_low = corrected[[1]], corrected_high = corrected[[2]]) }))))
write_json(out, "estimation.json", auto_unbox = TRUE, digits = 15, pretty = FALSE, na = "null")
cat(length(out$entries), "entries\n")
