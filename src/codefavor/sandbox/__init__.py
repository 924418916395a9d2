"""Running code nobody trusts: the strongest isolation this machine offers, warm workers, values carried out safely."""

from codefavor.errors import SandboxError
from codefavor.sandbox.isolation import Layer
from codefavor.sandbox.job import CallOutcome, Job, Limits, Opaque, Outcome
from codefavor.sandbox.pool import Sandbox, permit_unsafe

__all__ = ["CallOutcome", "Job", "Layer", "Limits", "Opaque", "Outcome", "Sandbox", "SandboxError", "permit_unsafe"]
