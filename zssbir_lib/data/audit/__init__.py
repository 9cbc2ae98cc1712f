"""Audit: what a download of unknown origin is, and what is wrong with it."""

from zssbir_lib.data.audit.published import (
    PretrainingOverlap,
    SplitFit,
    imagenet_relatives,
    pretraining_overlap,
)
from zssbir_lib.data.audit.report import (
    AUDIT_NAMES,
    AuditReport,
    check_data,
    report_text,
)
from zssbir_lib.data.audit.rules import SEVERITIES, Finding

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
