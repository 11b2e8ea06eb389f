"""Ways to prove who we are that only SOAP has."""
