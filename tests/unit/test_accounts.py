"""Passwords: a name that there is and one that there is not take as long."""

from cryokit import accounts


def test_a_password_of_nobody_never_matches():
    assert not accounts.password_matches("a long password", None)


def test_the_first_comparison_of_a_process_takes_as_long_for_a_name_that_there_is():
    kept = accounts.hash_password("a long password")
    accounts._hash_of_nobody.cache_clear()

    assert accounts.password_matches("a long password", kept)
    assert accounts._hash_of_nobody.cache_info().currsize == 1  # or else only an unknown name would pay for it
