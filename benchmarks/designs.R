# R survey's numbers for the designs that designs.py has drawn.
# Rscript designs.R FOLDER: reads FOLDER/data.csv and FOLDER/designs.json, writes FOLDER/values.json.
# Needs R with survey and jsonlite (Debian: r-cran-survey r-cran-jsonlite).
suppressMessages({library(survey); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
designs <- fromJSON(file.path(folder, "designs.json"), simplifyVector = FALSE)
data <- split(read.csv(file.path(folder, "data.csv"), colClasses = c(
  design = "integer", stratum = "character", psu = "character", ssu = "character", domain = "character", wave = "character"
)), ~design)
by_name <- function(column) if (is.null(column)) NULL else as.formula(paste("~", paste(unlist(column), collapse = " + ")))

declare <- function(rows, o) {
  ids <- if (is.null(o$psu)) ~1 else by_name(o$psu)
  weights <- if (is.null(o$weight) && is.null(o$fpc)) ~one else by_name(o$weight)
  rows$one <- 1
  svydesign(ids = ids, strata = by_name(o$stratum), weights = weights, fpc = by_name(o$fpc), data = rows)
}

# which rows answer, the statistic of a part of the design, and its linearised values
statistics <- list(
  mean = list(answers = function(v) !is.na(v$y), of = function(d, ...) svymean(~y, d, ...)),
  total = list(answers = function(v) !is.na(v$y), of = function(d, ...) svytotal(~y, d, ...)),
  share = list(answers = function(v) !is.na(v$b), of = function(d, ...) svymean(~b, d, ...)),
  ratio = list(answers = function(v) !is.na(v$y) & !is.na(v$x), of = function(d, ...) svyratio(~y, ~x, d, ...))
)

level_of <- function(part, stat) {
  answers <- sum(weights(part) > 0)
  if (answers == 0) return(list(n = 0))
  # a sample that is larger than the sum of its weights has no population to be drawn from without replacement
  kind <- if (sum(weights(part)) > answers * (1 + 1e-12)) TRUE else "replace"
  m <- suppressWarnings(statistics[[stat]]$of(part, deff = kind))
  found <- list(n = answers, estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m)), df = degf(part))
  if (stat == "share" && all(weights(part) > 0) && found$df > 0) for (method in c("xlogit", "beta")) {
    p <- suppressWarnings(tryCatch(svyciprop(~b, part, method = method), error = function(e) NULL))
    found[[method]] <- if (is.null(p)) c(NA, NA) else as.numeric(attr(p, "ci"))
  }
  found
}

levels_of <- function(design, domains) lapply(setNames(names(statistics), names(statistics)), function(stat) {
  inside <- statistics[[stat]]$answers(design$variables)
  lapply(domains, function(d) level_of(design[inside & design$variables$domain == d, ], stat))
})

changes_of <- function(design, domains, waves) lapply(setNames(names(statistics), names(statistics)), function(stat) {
  v <- design$variables
  inside <- statistics[[stat]]$answers(v)
  u <- matrix(0, nrow(v), 2 * length(domains))
  level <- df <- rep(NA_real_, 2 * length(domains))
  for (t in 1:2) for (k in seq_along(domains)) {
    rows <- inside & v$wave == waves[t] & v$domain == domains[k]
    place <- (t - 1) * length(domains) + k
    if (!any(rows & weights(design) > 0)) next
    part <- design[rows, ]
    m <- statistics[[stat]]$of(part, influence = TRUE)
    u[rows, place] <- attr(m, "influence")
    level[place] <- as.numeric(coef(m))
    df[place] <- degf(part)
  }
  first <- seq_along(domains)
  last <- length(domains) + first
  cover <- svyrecvar(u[, last, drop = FALSE] - u[, first, drop = FALSE], design$cluster, design$strata, design$fpc)
  list(baseline = level[first], endline = level[last], covariance = cover, df_baseline = df[first], df_endline = df[last])
})

run <- function(o) {
  rows <- data[[as.character(o$number)]]
  domains <- unlist(o$domains)
  options(survey.lonely.psu = o$lonely_psu)
  design <- declare(rows, o)
  waves <- unlist(o$waves)
  two <- rows[rows$wave %in% waves, ]
  df_change <- degf(declare(two, o)) # of the strata as declared, also where the variance splits them by overlap
  if (o$overlap == "pattern") {
    seen <- tapply(two$wave, two$psu, function(w) if (all(waves %in% w)) "both" else w[1])
    two$split <- paste(two$stratum, seen[two$psu])
    o$stratum <- "split"
  }
  stacked <- declare(two, o)
  refuse <- function(e) list(refused = conditionMessage(e))
  list(
    number = o$number, df = degf(design), df_change = df_change,
    levels = tryCatch(levels_of(design, domains), error = refuse),
    changes = tryCatch(changes_of(stacked, domains, waves), error = refuse)
  )
}

values <- lapply(designs, run)
found <- list(r = R.version.string, survey = as.character(packageVersion("survey")), values = values)
write_json(found, file.path(folder, "values.json"), auto_unbox = TRUE, digits = NA, na = "null", matrix = "rowmajor")
