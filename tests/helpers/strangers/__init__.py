"""Systems nobody here has seen, each unlike the others, and the page of settings an IT team would write for it.

They were connected by docs/connectors/rest.md or soap.md, docs/configuration.md, `rebated check` and `rebated connector
try`.
"""
