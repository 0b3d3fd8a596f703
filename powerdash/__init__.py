"""Open, real-time IoT power monitoring and management."""

__version__ = "0.1.0"
