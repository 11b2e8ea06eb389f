"""Reads customers, products, invoices, credit notes and payments of one company from Odoo."""

from connectors.odoo.reading.reader import OdooReading

__all__ = ["OdooReading"]
