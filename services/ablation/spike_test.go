package ablation_test

import (
	"math"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestSpike_Said(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		spike ablation.Spike
		tried int
		want  ablation.Label
	}{
		{ablation.Spike{Kind: ablation.SpikeNonfinite, Step: 7, Peak: ablation.Real(math.NaN())}, 0, ablation.Label{
			EN: "loss or gradient norm is NaN at step 7", JA: "ステップ 7 で損失または勾配ノルムが NaN になりました",
		}},
		{ablation.Spike{Kind: ablation.SpikeAway, Step: 7, Peak: 4.125}, 2, ablation.Label{
			EN: "the loss is more than a nat above its best, up to 4.12, since step 7; it went back 2 times before",
			JA: "ステップ 7 から、損失が最良値を 1 nat より大きく上回っています（最大 4.12）。これまでに 2 回、前のチェックポイントに戻しました",
		}},
		{ablation.Spike{Kind: ablation.SpikeStuck, Step: 7, Level: 4.125, Peak: 4.5}, 0, ablation.Label{
			EN: "the loss is stuck near 4.12, what counting tokens alone gets, since step 7",
			JA: "ステップ 7 から、損失が 4.12 付近で止まっています。トークンの頻度だけを数えた値と変わりません",
		}},
	} {
		if got := tt.spike.Said(make([]ablation.Intervention, tt.tried)); got != tt.want {
			t.Errorf("said %+v, want %+v", got, tt.want)
		}
	}
}
