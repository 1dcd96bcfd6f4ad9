package spec

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// decodeStrict reads one JSON object into the fields of the structs that targets point to. Unlike encoding/json it
// refuses unknown, repeated, missing and differently cased names, null where a value belongs, and bytes that aren't
// UTF-8. A field may be missing where its tag has omitempty or omitzero, or says `spec:"optional"`.
func decodeStrict(data []byte, targets ...any) problems {
	var d strict
	switch {
	case !utf8.Valid(data):
		d.say("", "the text isn't UTF-8", "UTF-8 のテキストではありません")
	case !json.Valid(data):
		d.say("", "the text isn't one JSON value: %v", "1 つの JSON 値になっていません：%v", jsonError(data))
	default:
		values := make([]reflect.Value, len(targets))
		for i, t := range targets {
			values[i] = reflect.ValueOf(t).Elem()
		}
		d.object("", data, values...)
	}
	return d.problems
}

func jsonError(data []byte) error {
	var v any
	err := json.Unmarshal(data, &v)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte{'\n'})
		return fmt.Errorf("line %d: %w", line, err)
	}
	return err
}

type strict struct{ problems }

// field is a place for a member of an object.
type field struct {
	value    reflect.Value
	required bool
}

func (d *strict) object(path string, raw json.RawMessage, targets ...reflect.Value) {
	fields, names := map[string]field{}, []string(nil)
	for _, t := range targets {
		names = append(names, places(t, fields)...)
	}
	seen := map[string]bool{}
	ok := d.members(path, raw, func(name string, value json.RawMessage) {
		f, known := fields[name]
		if known {
			d.value(join(path, name), value, f.value)
		} else {
			d.say(join(path, name), "unknown field; remove it, or check its spelling", "知らない項目です。除くか、綴りを確かめてください")
		}
		seen[name] = true
	})
	for _, name := range names {
		if ok && !seen[name] && fields[name].required {
			d.say(join(path, name), "is missing", "ありません")
		}
	}
}

// places adds the fields of struct v by their JSON names, which it returns in order.
func places(v reflect.Value, fields map[string]field) (names []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		optional := strings.Contains(options, "omit") || f.Tag.Get("spec") == "optional"
		fields[name] = field{value: v.Field(i), required: !optional}
		names = append(names, name)
	}
	return names
}

// members calls each for every member of the object raw, in order; false when raw isn't an object.
func (d *strict) members(path string, raw json.RawMessage, each func(name string, value json.RawMessage)) bool {
	seen := map[string]bool{}
	ok := members(raw, func(name string, value json.RawMessage) {
		if seen[name] {
			d.say(join(path, name), "is given twice", "2 度書かれています")
		}
		seen[name] = true
		each(name, value)
	})
	if !ok {
		d.say(path, "want an object, got %s", "オブジェクトにしてください（今は %s）", brief(raw))
	}
	return ok
}

func (d *strict) value(path string, raw json.RawMessage, v reflect.Value) {
	null := string(raw) == "null"
	switch {
	case null && nilable(v.Kind()):
		v.SetZero()
	case null:
		d.say(path, "needs a value, got null", "値が要ります（今は null）")
	case leaf(v):
		d.leaf(path, raw, v)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, raw, v.Elem())
	case v.Kind() == reflect.Struct:
		d.object(path, raw, v)
	case v.Kind() == reflect.Map:
		d.mapping(path, raw, v)
	default:
		d.list(path, raw, v)
	}
}

func (d *strict) mapping(path string, raw json.RawMessage, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.members(path, raw, func(name string, value json.RawMessage) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(join(path, name), value, item)
		v.SetMapIndex(reflect.ValueOf(name), item)
	})
}

// list reads a slice, or an array of exactly its length.
func (d *strict) list(path string, raw json.RawMessage, v reflect.Value) {
	items, ok := items(raw)
	if !ok {
		d.say(path, "want a list, got %s", "リストにしてください（今は %s）", brief(raw))
		return
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	}
	if len(items) != v.Len() {
		d.say(path, "want a list of %d, got %d", "%d 個のリストにしてください（今は %d 個）", v.Len(), len(items))
		return
	}
	for i, item := range items {
		d.value(fmt.Sprintf("%s[%d]", path, i), item, v.Index(i))
	}
}

func (d *strict) leaf(path string, raw json.RawMessage, v reflect.Value) {
	err := json.Unmarshal(raw, v.Addr().Interface())
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		en, ja := kind(v)
		d.say(path, "want %[1]s, got %[3]s", "%[2]sにしてください（今は %[3]s）", en, ja, brief(raw))
	case err != nil:
		d.say(path, "%v", "%v", err)
	}
}

// leaf says whether encoding/json alone can read v without loss: scalars, types with a decoder, and lists of scalars,
// which a weight table has by the thousand.
func leaf(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	switch v.Kind() {
	case reflect.Slice:
		return v.Type().Elem().Kind() == reflect.Int64 || v.Type().Elem().Kind() == reflect.String
	case reflect.Struct, reflect.Map, reflect.Array, reflect.Pointer:
		return false
	}
	return true
}

func nilable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Slice || k == reflect.Map || k == reflect.Interface
}

// kind is what a leaf wants, in English and in Japanese.
func kind(v reflect.Value) (en, ja string) {
	switch v.Kind() {
	case reflect.String:
		return "a string", "文字列"
	case reflect.Bool:
		return "true or false", "true か false "
	case reflect.Uint64:
		return "a string of 16 hex digits", "16 桁の 16 進数の文字列"
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			return "a list of strings", "文字列のリスト"
		}
		return "a list of whole numbers", "整数のリスト"
	}
	return "a whole number", "整数"
}

// brief is the start of a value, short enough for a message.
func brief(raw json.RawMessage) string {
	const most = 40
	if text := string(raw); len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(string(raw[:most]), "") + "…"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
