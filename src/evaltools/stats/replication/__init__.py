"""The rescaled bootstrap of Rao, Wu and Yue: factors of sampling units, and the change under each replicate."""
