"""Stand-ins for servers that speak SOAP: what they share."""

from tests.helpers.stand_ins.soap.base import Call, Served, SoapFault, SoapStandIn, operation, operation_in

__all__ = ["Call", "Served", "SoapFault", "SoapStandIn", "operation", "operation_in"]
