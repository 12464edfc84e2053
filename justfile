# Every command a person or CI runs. `just` alone lists them.

# List the recipes.
default:
    @just --list

# Format, and mend what clippy can mend by itself.
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all

# What CI checks before it tests.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Everything. PostgreSQL is used when one can be found or started, see docs/testing.md.
test:
    cargo test --workspace

# Everything, and PostgreSQL must have been used.
test-pg:
    rm -f "${CARGO_TARGET_DIR:-target}/tenantry-postgres-used"
    TENANTRY_TEST_REQUIRE_POSTGRES=1 cargo test --workspace
    test -e "${CARGO_TARGET_DIR:-target}/tenantry-postgres-used"

# Kill the program and PostgreSQL again and again while clients count, and compare the books afterwards; before that, the
# engine's protocols in every order.
prove kills="300" seed="": prove-protocols
    TENANTRY_PROVE_KILLS={{kills}} TENANTRY_PROVE_SEED={{seed}} cargo test -p tenantry-tests --test api prove:: -- --nocapture --test-threads=1

# Rewrite the golden files. Read the difference before you commit it.
golden:
    UPDATE_GOLDEN=1 cargo test -p tenantry-tests --test api goldens
    git diff --stat -- tests

# Serve with the data directory ./tenantry-data.
run *arguments:
    cargo run -- serve {{arguments}}

# Meet the program: demo data in a throw-away directory.
demo *arguments:
    cargo run --release -- demo {{arguments}}

# Begin a migration: a file in migrations/src, to be listed in its lib.rs.
migration name:
    @.ci/new-migration {{name}}

# Try the engine's protocols in every order, in larger worlds than every test run does.
prove-protocols:
    TENANTRY_PROVE=1 cargo test --release -p tenantry-quota-engine --test protocols

# Build the documentation of the crates.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Measure, as ratios to a bare actix-web answer on the same cores.
bench *arguments:
    cargo build --profile dist --workspace --bin tenantry --bin bench
    "${CARGO_TARGET_DIR:-target}/dist/bench" {{arguments}}

# Literally what CI runs.
ci:
    bash .ci/run
