"""Mistakes really made with Keras and scikit-learn, named by the live model's other answers."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from sklearn.datasets import load_breast_cancer  # noqa: E402
from sklearn.metrics import classification_report  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from benchmarks.faults.cases import case_of  # noqa: E402
from reportgen.job.claims import of_report  # noqa: E402
from reportgen.models import training_mode  # noqa: E402
from reportgen.models.keras import of_live_model  # noqa: E402
from reportgen.models.preprocess import Preprocess, SklearnTransform  # noqa: E402
from reportgen.reconciliation.from_case import evidence_of, world_of  # noqa: E402
from reportgen.reconciliation.laboratory import Asked  # noqa: E402
from reportgen.reconciliation.search import explain  # noqa: E402
