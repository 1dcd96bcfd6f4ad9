package card_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/card"
	"github.com/haigo-lab/haigo/web"
)

func drawer(t testing.TB) *card.Drawer {
	t.Helper()
	bundle, err := web.Load()
	if err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	font, err := fs.ReadFile(bundle.Files, bundle.Entries["card.ttf"])
	if err != nil {
		t.Fatal(err)
	}
	d, err := card.New(font)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func example(title string, arms int) card.Card {
	c := card.Card{Title: title, Note: "20 ラン中 18 完了 · 2026年11月23日", JA: "日本語", EN: "英語", Unit: "bits per byte", Good: "左下ほどよい", More: "ほか 4 アーム", Source: "Haigo 配合"}
	var front []card.Point
	shapes := []string{"circle", "square", "triangle", "diamond", "down", "pentagon", "star", "plus", "left", "right", "hourglass", "bar"}
	for i := range arms {
		x, y := 1.9-.04*float64(i), 2+.05*float64(i*i%7)
		c.Arms = append(c.Arms, card.Arm{
			Label: fmt.Sprintf("日本語 %d%%、英語先行", 30+7*i), Hue: i % 7, Shape: shapes[i%len(shapes)], Hollow: i%3 == 2,
			Mean: &card.Point{X: x, Y: y}, Seeds: []card.Point{{X: x - .01, Y: y + .01}, {X: x + .01, Y: y - .01}},
		})
		if i%2 == 0 {
			front = append(front, card.Point{X: x, Y: y})
		}
	}
	c.Fronts = [][]card.Point{front}
	return c
}

// plotted is an example with a plot in place of the trade-off.
func plotted(p card.Plot) card.Card {
	c := example("日本語の割合を変えると、両言語の損失はどう動くか", 4)
	c.Plot = &p
	return c
}

var response = card.Plot{
	X: "ja の割合（トークン）", Y: "bits per byte", Ends: [2]string{"10%", "80%"}, Low: card.Point{X: .1, Y: 1.6}, High: card.Point{X: .8, Y: 2.2},
	Grounds: []card.Ground{{Ink: card.InkPale, From: .7, To: .8}, {Ink: card.InkPick, From: .35, To: .5}, {Ink: card.InkPick, From: .42, To: .42}},
	Bands:   []card.Band{{Ink: "ja", Low: []card.Point{{X: .1, Y: 2.1}, {X: .8, Y: 1.65}}, High: []card.Point{{X: .1, Y: 2.15}, {X: .8, Y: 1.7}}}},
	Lines:   []card.Line{{Ink: "ja", Points: []card.Point{{X: .1, Y: 2.12}, {X: .4, Y: 1.8}, {X: .8, Y: 1.68}}}, {Ink: "en", Points: []card.Point{{X: .1, Y: 1.7}, {X: .8, Y: 2.1}}}},
	Dots:    []card.Dot{{Ink: "ja", At: card.Point{X: .3, Y: 1.9}}, {Ink: "en", At: card.Point{X: .6, Y: 2}}},
	Arms:    []card.Placed{{Arm: card.Arm{Hue: 2, Shape: "square"}, At: card.Point{X: .5, Y: 1.9}}}, Picks: []card.Point{{X: .42, Y: 1.75}},
}

// beyond has curves of arms that begin above the axes.
var beyond = card.Plot{
	X: "学習トークン", Y: "bits per byte", Ends: [2]string{"0", "200万"}, Low: card.Point{Y: 1.6}, High: card.Point{X: 2e6, Y: 2.2},
	Bands: []card.Band{{Ink: card.Hued(1), Low: []card.Point{{X: 0, Y: 7.9}, {X: 5e5, Y: 1.9}, {X: 2e6, Y: 1.65}}, High: []card.Point{{X: 0, Y: 8.1}, {X: 5e5, Y: 2}, {X: 2e6, Y: 1.75}}}},
	Lines: []card.Line{{Ink: card.Hued(1), Points: []card.Point{{X: 0, Y: 8}, {X: 5e5, Y: 1.95}, {X: 2e6, Y: 1.7}}}, {Points: []card.Point{{X: 0, Y: 9}, {X: 2e6, Y: 8}}}},
}

var triangle = card.Plot{
	Corners: []string{"ja", "en", "code"}, Shades: []card.Shade{{At: card.Point{X: .5, Y: .3}, Strength: 1}, {At: card.Point{X: .3, Y: .2}, Strength: .4}, {At: card.Point{X: 0, Y: 0}}},
	Dots: []card.Dot{{At: card.Point{X: .4, Y: .1}}}, Picks: []card.Point{{X: .5, Y: .3}},
}

var cells = card.Matrix{
	Heads: []string{"日本語", "英語", "コード", "next-ja"}, Rows: slices.Repeat([][]card.Cell{{
		{Text: "−0.191", Ink: card.Hued(1), Strength: .2}, {Text: "+0.052", Ink: card.Hued(2), Strength: .2}, {Text: "≈"}, {Text: "+12.5"},
	}}, 9),
}

func TestDrawer_PNG(t *testing.T) {
	t.Parallel()
	d := drawer(t)
	celled := example("日本語を増やすと、どのタスクで損をするか", 9)
	celled.Matrix = &cells
	for name, c := range map[string]card.Card{
		"usual":   example("学習量が同じとき、日本語を何割にすると両方の言語で損をしないか", 5),
		"long":    example(strings.Repeat("事前学習の配合について、", 20)+"最後。", 12),
		"hostile": example("</script><script>alert(1)</script>\"'><img src=x> 配合🍶\x00\n\t"+strings.Repeat("W", 90), 1),
		"empty":   {}, "response": plotted(response), "triangle": plotted(triangle), "beyond": plotted(beyond), "bare": {Plot: &card.Plot{}},
		"matrix": celled, "no columns": {Matrix: &card.Matrix{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := d.PNG(c)
			if err != nil {
				t.Fatal(err)
			}
			if dir := os.Getenv("HAIGO_SHOTS"); dir != "" {
				if err := os.WriteFile(dir+"/card-"+name+".png", data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			picture, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if picture.Bounds() != image.Rect(0, 0, card.Width, card.Height) || len(data) > 300_000 {
				t.Errorf("%v, %d bytes", picture.Bounds(), len(data))
			}
			for x := range card.Width { // nothing runs over an edge
				for _, y := range []int{0, card.Height - 1} {
					if r, g, b, _ := picture.At(x, y).RGBA(); r&g&b != 0xffff {
						t.Fatalf("something stands at %d, %d", x, y)
					}
				}
			}
		})
	}
}

// TestDrawer_glyphs: Japanese is written with glyphs of its own, not with boxes; boxes would all look alike.
func TestDrawer_glyphs(t *testing.T) {
	t.Parallel()
	d := drawer(t)
	seen := map[string]rune{}
	for _, r := range "配合日本語英学習率エポックの漢字、。ABC123" {
		data, err := d.PNG(card.Card{Title: string(r)})
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[string(data)]; ok {
			t.Errorf("%c looks like %c", r, before)
		}
		seen[string(data)] = r
	}
}

func BenchmarkPNG(b *testing.B) {
	d, c := drawer(b), example("学習量が同じとき、日本語を何割にすると両方の言語で損をしないか", 5)
	for b.Loop() {
		if _, err := d.PNG(c); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDrawer_PNG_missing: what the font lacks is seen to be missing; what changes a character before it isn't a character.
func TestDrawer_PNG_missing(t *testing.T) {
	t.Parallel()
	d := drawer(t)
	draw := func(title string) []byte {
		data, err := d.PNG(example(title, 3))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for title, same := range map[string]string{"한국어の比率": "□□□の比率", "比率は🍶️?": "比率は□?", "配\u200d合": "配合"} {
		if !bytes.Equal(draw(title), draw(same)) {
			t.Errorf("%q isn't drawn as %q", title, same)
		}
	}
	if bytes.Equal(draw("한국어"), draw("")) {
		t.Error("what can't be drawn leaves no trace")
	}
}
