"""Versions of real functions with well-known weaknesses, each named by its CWE."""

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.credentials import OPERATORS as _CREDENTIALS
from codefavor.synthesis.fault_injection.security.files import OPERATORS as _FILES
from codefavor.synthesis.fault_injection.security.injection import OPERATORS as _INJECTION
from codefavor.synthesis.fault_injection.security.loading import OPERATORS as _LOADING
from codefavor.synthesis.fault_injection.security.markup import OPERATORS as _MARKUP
from codefavor.synthesis.fault_injection.security.queries import OPERATORS as _QUERIES
from codefavor.synthesis.fault_injection.security.real_calls import OPERATORS as _REAL_CALLS
from codefavor.synthesis.fault_injection.security.real_statements import OPERATORS as _REAL_STATEMENTS
from codefavor.synthesis.fault_injection.security.secrets_and_crypto import OPERATORS as _SECRETS_AND_CRYPTO
from codefavor.synthesis.fault_injection.security.services_checks import OPERATORS as _CHECKS
from codefavor.synthesis.fault_injection.security.services_network import OPERATORS as _NETWORK
from codefavor.synthesis.fault_injection.security.services_rights import OPERATORS as _RIGHTS
from codefavor.synthesis.fault_injection.security.services_web import OPERATORS as _WEB
from codefavor.synthesis.fault_injection.security.tokens import OPERATORS as _TOKENS

OPERATORS: Final[tuple[Operator, ...]] = (
    *_INJECTION,
    *_QUERIES,
    *_MARKUP,
    *_LOADING,
    *_FILES,
    *_SECRETS_AND_CRYPTO,
    *_TOKENS,
    *_CREDENTIALS,
    *_NETWORK,
    *_WEB,
    *_RIGHTS,
    *_CHECKS,
    *_REAL_CALLS,
    *_REAL_STATEMENTS,
)
