"""What benchmarks rest on: nobody runs them daily, so the names that they take hold of are looked up here."""

from benchmarks.steps import Clock, _steps


def test_every_step_of_the_profile_exists():
    assert len(list(_steps(Clock()))) > 40
