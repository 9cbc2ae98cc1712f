"""Audit: what a download of unknown origin is, and what is wrong with it."""

from zssbir_lib.data.audit.check import AUDIT_NAMES, check_data
from zssbir_lib.data.audit.finding import SEVERITIES, Finding
from zssbir_lib.data.audit.pretraining_overlap import (
    PretrainingOverlap,
    imagenet_relatives,
    pretraining_overlap,
)
from zssbir_lib.data.audit.report import AuditReport
from zssbir_lib.data.audit.report_text import report_text
from zssbir_lib.data.audit.split_fit import SplitFit

__all__ = [
    "AUDIT_NAMES",
    "SEVERITIES",
    "AuditReport",
    "Finding",
    "PretrainingOverlap",
    "SplitFit",
    "check_data",
    "imagenet_relatives",
    "pretraining_overlap",
    "report_text",
]
