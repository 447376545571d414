"""Form logic: `relevant`, `constraint`, `required`, `choice_filter` and `calculation` over whole columns."""

from evaltools.survey.logic.expression import Expression, compile_expression

__all__ = ["Expression", "compile_expression"]
