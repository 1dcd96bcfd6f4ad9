package httpd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
)

// shapeKeys are the four numbers of a model's shape, as a document names them and as the form writes them in one:
// 4×128×4×352.
var shapeKeys = []string{"layers", "width", "heads", "ffn"}

// writtenShape is a shape of four numbers in one text.
func writtenShape(layers, width, heads, ffn int) string {
	return fmt.Sprintf("%d×%d×%d×%d", layers, width, heads, ffn)
}

// shapesOf are the shapes of the trainer of a name, or of the first.
func shapesOf(trainers []trainer.Description, name string) []trainer.Shape {
	if len(trainers) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(trainers, func(t trainer.Description) bool { return t.Name == name }))
	return trainers[i].Shapes
}

// shape is a preset, or the choice to give four numbers, which begin as those of the preset that is looked at. Where they
// are given already, the first choice leaves them so.
func (b formBuilder) shape(presets []trainer.Shape) field {
	var options []option
	for _, s := range presets {
		options = append(options, option{s.Name, b.words.text("new.f.shape.of", "name", s.Name, "n", s.Model.Layers, "w", s.Model.Width)})
	}
	now := b.draft.Sweep.Recipe.Shape
	f := b.chosen(b.field("recipe/shape", "sweep.def.shape", "shape", shapeText(now)), options)
	if b.writesShape() {
		f.Options[0].Text = b.words.text("new.f.shape.own")
		return f
	}
	if i := slices.IndexFunc(presets, func(s trainer.Shape) bool { return s.Name == now.Preset }); i >= 0 {
		m := presets[i].Model
		f.Options = append(f.Options, option{writtenShape(m.Layers, m.Width, m.Heads, m.FFN), b.words.text("new.f.shape.own")})
	}
	return f
}

// numbers are the fields of a shape that the recipe writes out.
func (b formBuilder) numbers() []field {
	if !b.writesShape() {
		return nil
	}
	var out []field
	for _, key := range shapeKeys {
		out = append(out, b.field("recipe/shape/"+key, "new.f."+key, "number", ""))
	}
	return out
}

// writesShape reports whether the recipe has any number of a shape: one that is cleared is to be written again.
func (b formBuilder) writesShape() bool {
	return slices.ContainsFunc(shapeKeys, func(key string) bool {
		_, written := b.draft.Texts["recipe/shape/"+key]
		return written
	})
}

// item is a value of a list as a field shows it. It is false for one that a field can't: what is neither a single value
// nor a shape of four numbers.
func (b formBuilder) item(path string) (string, bool) {
	if text, single := b.draft.Texts[path]; single {
		return text, true
	}
	var parts []string
	for _, key := range shapeKeys {
		parts = append(parts, b.draft.Texts[path+"/"+key])
	}
	return strings.Join(parts, "×"), !slices.Contains(parts, "")
}
