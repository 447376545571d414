# Makes the small seeded tables of this folder and R's numbers for them. Run here: Rscript make_reference.R
# Needs R with survey and jsonlite (Debian: r-cran-survey r-cran-jsonlite).
suppressMessages({library(survey); library(jsonlite)})
set.seed(20221130)
options(survey.lonely.psu = "fail")

# -- table 1: firms rate banks in two waves; some rate two banks, some twice, about half come back; answers missing
strata <- c("micro", "small", "medium", "village")
firms <- data.frame(firm = sprintf("F%03d", sample(100:999, 64)), stratum = rep(strata, c(26, 18, 12, 8)))
firms$weight <- round(c(micro = 11, small = 6, medium = 3.5, village = 20)[firms$stratum] * runif(64, .7, 1.4), 3)
firms$fpc <- c(micro = 290, small = 110, medium = 45, village = 170)[firms$stratum]
firms$level <- c(micro = 3.1, small = 3.6, medium = 4.1, village = 2.6)[firms$stratum] + rnorm(64, 0, .6)
firms$pattern <- sample(c("both", "baseline_only", "endline_only"), 64, TRUE, c(.5, .25, .25))
firms$pattern[match(strata, firms$stratum)] <- "both"
firms$pattern[match(strata, firms$stratum) + 1] <- "both"
rows <- list()
for (i in seq_len(nrow(firms))) for (w in c("baseline", "endline")) {
  f <- firms[i, ]
  if (f$pattern == "baseline_only" && w == "endline" || f$pattern == "endline_only" && w == "baseline") next
  for (b in sample(c("alpha", "beta", "gamma", "delta"), sample(1:2, 1, prob = c(.55, .45)), prob = c(.4, .3, .2, .1))) {
    for (k in seq_len(sample(1:2, 1, prob = c(.85, .15)))) {
      days <- round(exp(rnorm(1, 2.3 - .25 * (w == "endline"), .5)), 1)
      rows[[length(rows) + 1]] <- data.frame(f[c("firm", "stratum", "weight", "fpc")], bank = b, wave = w,
        score = pmin(5, pmax(1, round(f$level + .3 * (w == "endline") + rnorm(1, 0, .7)))), days = days,
        solved = as.integer(runif(1) < .55 + .15 * (w == "endline")), paid = round(rgamma(1, 3, .05), 2),
        asked = round(rgamma(1, 3, .04) + 20, 2)) } } }
answers <- do.call(rbind, rows)
for (item in c("score", "days", "solved", "paid")) answers[[item]][runif(nrow(answers)) < .08] <- NA
answers <- answers[sample(nrow(answers)), ]
rownames(answers) <- NULL
write.csv(answers, "answers.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")

# -- table 2: towns, villages in towns, households: two stages with population counts, two waves
towns <- data.frame(town = sprintf("T%02d", 1:10), region = rep(c("east", "west"), c(6, 4)), towns = rep(c(25, 14), c(6, 4)),
                    villages = c(9, 12, 5, 8, 20, 4, 7, 6, 11, 3))
rows <- list()
for (i in 1:10) for (v in seq_len(min(towns$villages[i], c(3, 2, 4, 2, 3, 2, 3, 2, 4, 3)[i]))) for (h in 1:sample(2:4, 1)) {
  for (w in c("baseline", "endline")) if (runif(1) < .85)
    rows[[length(rows) + 1]] <- data.frame(towns[i, ], village = sprintf("V%d", v), wave = w,
      sex = sample(c("f", "m"), 1), income = round(1000 + 80 * i + 60 * v + rnorm(1, 0, 120) + 90 * (w == "endline"), 1)) }
stages <- do.call(rbind, rows)
stages$income[runif(nrow(stages)) < .05] <- NA
rownames(stages) <- NULL

# -- R's numbers
out <- list(r = R.version.string, survey = as.character(packageVersion("survey")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)
banks <- sort(unique(answers$bank)); waves <- c("baseline", "endline")
present <- function(des, item) des[!is.na(des$variables[[item]]), ]
by_rows <- function(tab, keys) { d <- as.data.frame(tab); names(d)[seq_along(keys)] <- keys; rownames(d) <- NULL; d }

# linearised values of all domain x wave levels of an item, rows of the whole design x (domains, waves)
influences <- function(des, fun, fill, by, dom) {
  cols <- list(); est <- c()
  for (w in waves) for (d in dom) {
    inside <- des$variables[[by]] == d & des$variables$wave == w & fill
    r <- fun(des[inside, ])
    u <- rep(0, nrow(des$variables)); u[inside] <- attr(r, "influence"); cols[[length(cols) + 1]] <- u; est <- c(est, as.numeric(coef(r))) }
  list(u = do.call(cbind, cols), est = est) }
cover <- function(u, des) svyrecvar(u, des$cluster, des$strata, des$fpc)
changes <- function(des, fun, fill, by = "bank", dom = banks) {
  f <- influences(des, fun, fill, by, dom); n <- length(dom); L <- cbind(-diag(n), diag(n)); v <- L %*% cover(f$u, des) %*% t(L)
  list(domain = dom, baseline = f$est[1:n], endline = f$est[n + 1:n], change = f$est[n + 1:n] - f$est[1:n], se = sqrt(diag(v)), covariance = v) }
mean_of <- function(item) function(d) svymean(as.formula(paste0("~", item)), d, influence = TRUE)

des <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = answers)
fpc <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, fpc = ~fpc, data = answers)
add("degf", "degf(svydesign(ids=~firm, strata=~stratum, weights=~weight))", degf(des))
for (item in c("score", "days")) {
  add(paste0("mean-", item), paste0("svyby(~", item, ", ~bank+wave, subset(des, !is.na(", item, ")), svymean, deff=TRUE)"),
      setNames(by_rows(svyby(as.formula(paste0("~", item)), ~bank + wave, present(des, item), svymean, deff = TRUE), c("bank", "wave")), c("bank", "wave", "estimate", "se", "deff")))
  add(paste0("change-", item), "contrast endline - baseline of svymean by bank and wave, linearised values through svyrecvar", changes(des, mean_of(item), !is.na(answers[[item]]))) }
add("change-score-fpc", "the same with fpc=~fpc", changes(fpc, mean_of("score"), !is.na(answers$score)))
add("mean-days-fpc", "svymean(~days, subset(fpc, !is.na(days)), deff=TRUE)", { m <- svymean(~days, present(fpc, "days"), deff = TRUE)
  list(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m)), ci = as.numeric(confint(m, df = degf(fpc))), df = degf(fpc)) })
add("total-paid", "svyby(~paid, ~bank, subset(des, !is.na(paid)), svytotal, deff=TRUE)",
    setNames(by_rows(svyby(~paid, ~bank, present(des, "paid"), svytotal, deff = TRUE), "bank"), c("bank", "estimate", "se", "deff")))
add("change-total-paid", "contrast of svytotal", changes(des, function(d) svytotal(~paid, d, influence = TRUE), !is.na(answers$paid)))
ratio <- function(d) { r <- svyratio(~paid, ~asked, d, influence = TRUE); structure(list(), influence = attr(r, "influence"), est = coef(r), class = "held") }
coef.held <- function(object, ...) attr(object, "est")
add("ratio", "svyby(~paid, denominator=~asked, ~bank, subset(des, !is.na(paid)), svyratio, deff=TRUE)",
    setNames(by_rows(svyby(~paid, ~bank, denominator = ~asked, present(des, "paid"), svyratio, deff = TRUE), "bank")[, 1:4], c("bank", "estimate", "se", "deff")))
add("change-ratio", "contrast of svyratio", changes(des, ratio, !is.na(answers$paid)))
for (m in c("logit", "beta")) add(paste0("proportion-", m), paste0("svyciprop(~solved, subset(des, bank==b & !is.na(solved)), method='", m, "')"),
    do.call(rbind, lapply(banks, function(b) { p <- svyciprop(~solved, des[answers$bank == b & !is.na(answers$solved), ], method = m)
      data.frame(bank = b, estimate = as.numeric(p), ci_low = attr(p, "ci")[[1]], ci_high = attr(p, "ci")[[2]]) })))

# overlap pattern as strata
both <- tapply(answers$wave, answers$firm, function(w) if (length(unique(w)) == 2) "both" else paste0(unique(w), "_only"))
answers$split <- paste(answers$stratum, both[answers$firm])
options(survey.lonely.psu = "adjust")
pat <- svydesign(ids = ~firm, strata = ~split, weights = ~weight, data = answers)
add("change-score-pattern", "strata = stratum x overlap pattern, survey.lonely.psu='adjust'", changes(pat, mean_of("score"), !is.na(answers$score)))
options(survey.lonely.psu = "fail")

# a combination of items: covariance between items and between banks
two <- lapply(c("score", "days", "solved"), function(item) influences(des, mean_of(item), !is.na(answers[[item]]), "bank", banks))
weights <- cbind(c(.5, .5, 1, 0), c(-.02, -.03, 0, -.05), c(.3, 0, .4, 1))
n <- length(banks); u <- 0; value <- 0; base <- 0; last <- 0
for (k in 1:3) { w <- weights[, k]; u <- u + sweep(two[[k]]$u[, n + 1:n] - two[[k]]$u[, 1:n], 2, w, "*")
  base <- base + w * two[[k]]$est[1:n]; last <- last + w * two[[k]]$est[n + 1:n] }
ub <- 0; ul <- 0
for (k in 1:3) { ub <- ub + sweep(two[[k]]$u[, 1:n], 2, weights[, k], "*"); ul <- ul + sweep(two[[k]]$u[, n + 1:n], 2, weights[, k], "*") }
add("combination", "linear combination of the changes of score, days, solved by bank; svyrecvar of combined linearised values",
    list(domain = banks, weights = weights, baseline = base, endline = last, change = last - base, covariance = cover(u, des),
         se_baseline = sqrt(diag(cover(ub, des))), se_endline = sqrt(diag(cover(ul, des)))))

# one stratum reduced to one firm
single <- answers[answers$stratum != "village" | answers$firm == answers$firm[answers$stratum == "village" & both[answers$firm] == "both"][1], ]
write.csv(single[, c("firm", "stratum", "weight", "bank", "wave", "score")], "single.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")
for (o in c("remove", "adjust", "average", "certainty")) { options(survey.lonely.psu = o)
  d <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = single)
  one <- svymean(~score, present(d, "score")); by <- svyby(~score, ~bank, present(d, "score"), svymean)
  tot <- svytotal(~score, present(d, "score"))
  add(paste0("lonely-", o), paste0("svymean, svyby, svytotal of score, contrast; survey.lonely.psu='", o, "'"),
      list(estimate = as.numeric(coef(one)), se = as.numeric(SE(one)), total_se = as.numeric(SE(tot)), banks = by$bank, bank_se = as.numeric(SE(by)),
           change = changes(d, mean_of("score"), !is.na(single$score)))) }
options(survey.lonely.psu = "fail")

# two stages
dom <- c("f", "m")
two_stage <- svydesign(ids = ~town + village, strata = ~region, fpc = ~towns + villages, data = stages)
stages$weight <- weights(two_stage)
add("stages-mean", "svyby(~income, ~sex, subset(svydesign(ids=~town+village, strata=~region, fpc=~towns+villages), !is.na(income)), svymean)",
    setNames(by_rows(svyby(~income, ~sex, present(two_stage, "income"), svymean), "sex"), c("sex", "estimate", "se")))
add("stages-total", "svytotal(~income)", { m <- svytotal(~income, present(two_stage, "income")); list(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), df = degf(two_stage)) })
add("stages-change", "contrast, two stages", changes(two_stage, mean_of("income"), !is.na(stages$income), "sex", dom))
few <- stages[!(stages$town == "T04" & stages$village == "V2"), ]
for (o in c("remove", "adjust")) { options(survey.lonely.psu = o)
  d <- svydesign(ids = ~town + village, strata = ~region, fpc = ~towns + villages, weights = ~weight, data = few)
  m <- svymean(~income, present(d, "income"))
  add(paste0("stages-lonely-", o), paste0("town T04 without village V2, weights as before; survey.lonely.psu='", o, "'"), list(estimate = as.numeric(coef(m)), se = as.numeric(SE(m)))) }
stages <- stages[, c("town", "region", "towns", "villages", "village", "wave", "sex", "income", "weight")]
write.csv(stages, "stages.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")
write_json(out, "reference.json", auto_unbox = TRUE, digits = 15, pretty = TRUE, matrix = "rowmajor")
cat(length(out$entries), "entries,", nrow(answers), "answers,", nrow(stages), "in stages\n")
