# R's values for ranks. Run here: Rscript make_ranks.R FOLDER, where FOLDER holds the R package csranks 1.2.2.9001
# (R/*.R, data/pisa2018.rda; github.com/danielwilhelm/R-CS-ranks, commit bd4f755). Needs jsonlite.
suppressMessages({library(jsonlite)})
folder <- commandArgs(TRUE)[1]
for (name in c("ranks", "diffmeans", "utilityfunctions", "rank_utils", "argument_checks"))
  source(file.path(folder, "R", paste0(name, ".R")), encoding = "UTF-8")
load(file.path(folder, "data", "pisa2018.rda"))
out <- list(r = R.version.string, csranks = "1.2.2.9001", entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)

# csranks draws anew at every step. So that both sides see the same errors, mvrnorm hands out columns of one matrix,
# errors from the fractional parts of multiples of square roots of primes; R and Python can both write it down.
primes <- c(2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
            109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173)
lattice <- function(n, p) qnorm((outer(seq_len(n), sqrt(primes[seq_len(p)])) %% 1))
held <- NULL
own <- MASS::mvrnorm
swap <- function(f) { space <- asNamespace("MASS"); unlockBinding("mvrnorm", space); assign("mvrnorm", f, space); lockBinding("mvrnorm", space) }
common <- function(n, mu, Sigma, ...) held[, as.integer(rownames(Sigma)), drop = FALSE]
fixed <- function(x, V, n, ...) {
  dimnames(V) <- list(seq_along(x), seq_along(x)); held <<- lattice(n, length(x)) %*% chol(V)
  swap(common); on.exit(swap(own))
  r <- csranks(x, V, R = n, ...); list(low = r$L, high = r$U) }

# -- banks that share firms: correlated, unequal errors
banks <- list(estimate = c(71.2, 64.9, 70.1, 58.3, 66.0, 61.7, 75.8, 64.1, 52.6), se = c(1.6, 2.4, 1.1, 1.9, 3.2, 1.4, 2.0, 1.3, 2.7))
p <- length(banks$estimate)
correlation <- outer(1:p, 1:p, function(i, j) ifelse(i == j, 1, .35 * (abs(i - j) <= 2) * .8^abs(i - j)))
V <- diag(banks$se) %*% correlation %*% diag(banks$se)
add("banks", "estimates, errors and correlations that follow", list(estimate = banks$estimate, covariance = V))
for (side in c("two-sided", "lower", "upper")) for (coverage in c(.95, .8)) for (simul in c(TRUE, FALSE))
  add(paste("banks", side, coverage, if (simul) "simultaneous" else "marginal", sep = "-"),
      sprintf("csranks(x, V, cstype='%s', coverage=%g, simul=%s, R=2000) on the lattice's errors", side, coverage, simul),
      fixed(banks$estimate, V, 2000, cstype = side, coverage = coverage, simul = simul))
for (tau in c(2, 3)) {
  dimnames(V) <- list(1:p, 1:p); held <- lattice(2000, p) %*% chol(V); swap(common)
  add(paste0("banks-best-", tau), sprintf("cstaubest(x, V, tau=%d, R=2000) on the lattice's errors", tau), cstaubest(banks$estimate, V, tau = tau, R = 2000))
  add(paste0("banks-worst-", tau), sprintf("cstauworst(x, V, tau=%d, R=2000) on the lattice's errors", tau), cstauworst(banks$estimate, V, tau = tau, R = 2000))
  swap(own) }

# -- the documented example: mathematics scores of PISA 2018
math <- list(estimate = pisa2018$math_score, se = pisa2018$math_se)
add("pisa", "pisa2018$math_score, pisa2018$math_se", math)
for (simul in c(TRUE, FALSE)) add(if (simul) "pisa-simultaneous" else "pisa-marginal",
  sprintf("csranks(math_score, diag(math_se^2), simul=%s, R=2000) on the lattice's errors", simul),
  fixed(math$estimate, diag(math$se^2), 2000, simul = simul))
add("pisa-rank", "irank(math_score)", irank(math$estimate))

# -- csranks with its own draws: the limits that 20 seeds agree on, else null
agreed <- function(x, V, ...) {
  runs <- lapply(1:20, function(seed) csranks(x, V, R = 20000, seed = seed, ...))
  same <- function(name) { m <- sapply(runs, `[[`, name); ifelse(apply(m, 1, function(v) length(unique(v)) == 1), m[, 1], NA) }
  list(low = same("L"), high = same("U")) }
dimnames(V) <- NULL
for (simul in c(TRUE, FALSE)) {
  kind <- if (simul) "simultaneous" else "marginal"
  add(paste0("banks-agreed-", kind), sprintf("csranks(x, V, simul=%s, R=20000, seed=1..20)", simul), agreed(banks$estimate, V, simul = simul))
}
ties <- c(3, 4, 7, 7, 10, 11, 15, 15, 15, 15)
add("ties", "irank(x), irank(x, increasing=TRUE)", list(x = ties, high = irank(ties), low = irank(ties, increasing = TRUE)))
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = FALSE, na = "null"), "ranks.json")
