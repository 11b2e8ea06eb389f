"""WSDLs: where they come from, what they describe, and what a person sees of them."""
