# R's values for reliability, empirical Bayes and funnel limits. Run here: Rscript make_shrinkage.R
# Needs metafor and jsonlite (Debian: r-cran-metafor r-cran-jsonlite).
suppressMessages({library(metafor); library(jsonlite)})
out <- list(r = R.version.string, metafor = as.character(packageVersion("metafor")), entries = list())
add <- function(id, call, value) out$entries[[id]] <<- list(call = call, value = value)
exact <- list(threshold = 1e-14, maxiter = 5000, tol = 1e-13)

cases <- list(
  banks = list(estimate = c(71.2, 64.9, 70.1, 58.3, 66.0, 61.7, 75.8, 64.1, 52.6), se = c(1.6, 2.4, 1.1, 1.9, 3.2, 1.4, 2.0, 1.3, 2.7)),
  changes = list(estimate = c(.31, .05, .44, -.12, .22, .60, .18, .09, -.03, .27, .36, .51), se = c(.14, .21, .17, .19, .11, .25, .16, .22, .18, .13, .20, .24)),
  schools = list(estimate = c(28, 8, -3, 7, -1, 1, 18, 12), se = c(15, 10, 16, 11, 9, 11, 10, 18)))
for (name in names(cases)) {
  y <- cases[[name]]$estimate; v <- cases[[name]]$se^2
  fit <- rma(y, v, method = "REML", control = exact); pm <- rma(y, v, method = "PM", control = exact)
  ci <- confint(fit, control = list(tol = 1e-13, maxiter = 5000, tau2.max = 1e5))$random
  b <- blup(fit)
  add(paste0("reliability-", name), "rma(y, v, method='REML'), confint(), rma(method='PM'), blup()", list(estimate = y, se = sqrt(v),
      tau2 = fit$tau2, low = ci["tau^2", "ci.lb"], high = ci["tau^2", "ci.ub"], paule_mandel = pm$tau2, mean = as.numeric(coef(fit)),
      mean_se = fit$se, q = fit$QE, q_p = fit$QEp, i2 = fit$I2 / 100, shrunken = b$pred, se_conditional = b$se))
  # error with tau2 estimated, written out: g1 + g2 + 2 g3, Var(tau2) = 2 / tr(PP)
  V <- diag(v + fit$tau2); W <- solve(V); one <- rep(1, length(y)); P <- W - W %*% one %*% t(one) %*% W / sum(W)
  g3 <- diag(W %*% diag(v) %*% W %*% diag(v) %*% W) * 2 / sum(diag(P %*% P))
  add(paste0("corrected-", name), "sqrt(pmin(blup(fit)$se^2 + 2*g3, v)), matrices written out", sqrt(pmin(b$se^2 + 2 * g3, v))) }

# -- correlated estimates: rma.mv with one random effect a unit
y <- cases$banks$estimate; p <- length(y)
R <- outer(1:p, 1:p, function(i, j) ifelse(i == j, 1, .35 * (abs(i - j) <= 2) * .8^abs(i - j)))
S <- diag(cases$banks$se) %*% R %*% diag(cases$banks$se)
fit <- rma.mv(y, S, random = ~1 | id, data = data.frame(y = y, id = 1:p), method = "REML", control = list(rel.tol = 1e-12))
# its optimiser stops near the maximum: take the zero of the score beside it, and refit there
score <- function(t) { W <- solve(S + diag(t, p)); P <- W - rowSums(W) %*% t(rowSums(W)) / sum(W); drop(t(y) %*% P %*% P %*% y) - sum(diag(P)) }
top <- uniroot(score, fit$sigma2 * c(.9, 1.1), tol = 1e-14)$root
stopifnot(abs(top / fit$sigma2 - 1) < 1e-5)
fit <- rma.mv(y, S, random = ~1 | id, data = data.frame(y = y, id = 1:p), sigma2 = top)
r <- ranef(fit)$id
V <- S + diag(fit$sigma2, p); W <- solve(V); one <- rep(1, p); P <- W - W %*% one %*% t(one) %*% W / sum(W)
q_of <- function(t) { W <- solve(S + diag(t, p)); P <- W - W %*% one %*% t(one) %*% W / sum(W); drop(t(y) %*% P %*% y) }
at <- function(value) uniroot(function(t) q_of(t) - value, c(0, 1e4), tol = 1e-13)$root
g1 <- diag(fit$sigma2 * diag(p) - fit$sigma2^2 * W); g2 <- drop(1 - fit$sigma2 * rowSums(W))^2 / sum(W)
g3 <- diag(W %*% S %*% W %*% S %*% W) * 2 / sum(diag(P %*% P))
add("reliability-correlated", "rma.mv(y, S, random=~1|id, method='REML') to the zero of its score, ranef(); Q-profile by uniroot on y'Py", list(estimate = y,
    covariance = S, tau2 = fit$sigma2, mean = as.numeric(coef(fit)), mean_se = fit$se, q = fit$QE, q_p = fit$QEp,
    low = at(qchisq(.975, p - 1)), high = at(qchisq(.025, p - 1)), paule_mandel = at(p - 1),
    shrunken = as.numeric(coef(fit)) + r$intrcpt, se_conditional = sqrt(g1 + g2), se_corrected = sqrt(pmin(g1 + g2 + 2 * g3, diag(S)))))

# -- funnel limits, formulas written out
funnel <- function(z, se, winsor) {
  q <- quantile(z, c(winsor, 1 - winsor)); phi <- mean(pmin(pmax(z, q[1]), q[2])^2); w <- 1 / se^2; k <- length(z)
  list(phi = phi, tau2 = max(0, (k * phi - (k - 1)) / (sum(w) - sum(w^2) / sum(w)))) }
y <- cases$banks$estimate; se <- cases$banks$se; target <- weighted.mean(y, 1 / se^2); z <- (y - target) / se; d <- funnel(z, se, .1)
half <- function(level, s) qnorm((1 + level) / 2) * s
add("funnel-banks", "z, winsorised phi, tau2, limits at .95 and .998: formulas written out", c(list(target = target, z = z), d,
    list(additive = lapply(c(.95, .998), function(l) target + half(l, sqrt(se^2 + d$tau2))),
         multiplicative = lapply(c(.95, .998), function(l) target + half(l, se * sqrt(max(1, d$phi)))),
         none = lapply(c(.95, .998), function(l) target + half(l, se)))))
n <- c(14, 22, 35, 48, 60, 75, 120, 260, 9, 31); x <- c(9, 15, 30, 29, 41, 60, 80, 181, 3, 25); target <- sum(x) / sum(n)
limit <- function(p) { r <- qbinom(p, n, target); r <- ifelse(pbinom(r, n, target) > p, r, r + 1)
  (r - (pbinom(r, n, target) - p) / dbinom(r, n, target)) / n }
z <- (x / n - target) / sqrt(target * (1 - target) / n); d <- funnel(z, sqrt(target * (1 - target) / n), .1)
add("funnel-shares", "binomial limits between counts by qbinom, pbinom, dbinom", c(list(estimate = x / n, n = n, target = target, z = z,
    low = lapply(c(.025, .001), limit), high = lapply(c(.975, .999), limit)), d))
write(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "shrinkage.json")
