module featureseal.io/featureseal/test/interop/pq

go 1.26.0

// The driver of SPIRE 1.15.3, at its version.
require github.com/lib/pq v1.12.3
