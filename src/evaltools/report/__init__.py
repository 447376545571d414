"""Reports: results in, numbers, sentences, tables, figures and finished pages out. Never sees a raw answer."""
