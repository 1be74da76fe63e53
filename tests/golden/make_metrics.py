"""Prints metrics of random scores, against which tests/task/metrics_test.cpp compares. Needs scikit-learn (made with 1.9.1)."""

import numpy as np
from sklearn.metrics import average_precision_score, balanced_accuracy_score, top_k_accuracy_score

from philox import Philox

random = Philox(3)
scores = np.array([[random.uniform() for _ in range(7)] for _ in range(90)])
labels = np.array([random.below(6) for _ in range(90)])  # class 6 does not occur
scores[np.arange(90), labels] += 0.25
belongs = np.array([[random.uniform() < 0.3 for _ in range(7)] for _ in range(90)])
belongs[:, 0] = False
belongs[0, 0] = True
scores += 0.2 * belongs
print("top", [float(top_k_accuracy_score(labels, scores, k=k, labels=range(7))) for k in (1, 2, 5, 7)])
print("recall", float(balanced_accuracy_score(labels, scores.argmax(1))))
print("ap", [round(float(average_precision_score(belongs[:, c], scores[:, c])), 15) for c in range(7)])
