package enginetest_test

import (
	"os"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/conformance"
	"github.com/haigo-lab/haigo/services/engine/enginetest"
)

func TestMain(m *testing.M) {
	enginetest.Main()
	os.Exit(m.Run())
}

func TestConform_cpu(t *testing.T) {
	t.Parallel()
	enginetest.Conform(t, enginetest.Host(t, "cpu", enginetest.Build(t, "../../../plugins/cpu")), "cpu", conformance.Config{})
}
