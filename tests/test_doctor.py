"""Looking at the environment and at a campaign's store."""

from evaltools.doctor import examine


def test_a_healthy_environment_has_every_check_well():
    checks = {one.name: one for one in examine()}
    assert all(one.ok for one in checks.values())
    assert checks["font"].detail.endswith(".ttc")


def test_a_whole_store_says_how_many_tables_it_has(demo_stored):
    store = {one.name: one for one in examine(demo_stored)}["store"]
    assert store.ok
    assert "tables whole" in store.detail


def test_a_damaged_file_is_named(demo_copy):
    part = next(iter(sorted((demo_copy / "store").rglob("*.parquet"))))
    part.write_bytes(part.read_bytes()[:-1])
    store = {one.name: one for one in examine(demo_copy)}["store"]
    assert not store.ok
    assert part.name in store.detail
