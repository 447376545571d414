# Covariance of two items in both waves of each bank, R survey 4.1.1. Run in this folder: Rscript make_joint.R
library(survey)
library(jsonlite)
answers <- read.csv("answers.csv", fileEncoding = "UTF-8")
des <- svydesign(ids = ~firm, strata = ~stratum, weights = ~weight, data = answers)
both <- subset(des, !is.na(score) & !is.na(days))
by <- svyby(~score + days, ~bank + wave, both, svymean, covmat = TRUE)
v <- vcov(by)
cells <- paste(by$bank, by$wave)
n <- nrow(by)
value <- lapply(sort(unique(by$bank)), function(b) {
  rows <- match(paste(b, c("baseline", "endline")), cells)
  places <- c(rows[1], n + rows[1], rows[2], n + rows[2])  # score and days of the baseline, then of the endline
  list(bank = b, covariance = unname(v[places, places]))
})
out <- list(
  r = R.version.string, survey = as.character(packageVersion("survey")),
  entries = list(joint = list(
    call = "vcov(svyby(~score+days, ~bank+wave, subset(des, !is.na(score) & !is.na(days)), svymean, covmat=TRUE))",
    value = value))
)
write_json(out, "joint.json", auto_unbox = TRUE, digits = 15, pretty = TRUE, matrix = "rowmajor")
