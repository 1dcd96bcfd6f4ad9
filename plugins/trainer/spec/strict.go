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
		d.add("", "the text isn't UTF-8")
	case !json.Valid(data):
		d.add("", "the text isn't one JSON value: %v", jsonError(data))
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
		if d.need(known, join(path, name), "unknown field; remove it, or check its spelling") {
			d.value(join(path, name), value, f.value)
		}
		seen[name] = true
	})
	for _, name := range names {
		d.need(!ok || seen[name] || !fields[name].required, join(path, name), "is missing")
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
		d.need(!seen[name], join(path, name), "is given twice")
		seen[name] = true
		each(name, value)
	})
	return d.need(ok, path, "want an object, got %s", brief(raw))
}

func (d *strict) value(path string, raw json.RawMessage, v reflect.Value) {
	null := string(raw) == "null"
	switch {
	case null && nilable(v.Kind()):
		v.SetZero()
	case null:
		d.add(path, "needs a value, got null")
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
	if !d.need(ok, path, "want a list, got %s", brief(raw)) {
		return
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	}
	if !d.need(len(items) == v.Len(), path, "want a list of %d, got %d", v.Len(), len(items)) {
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
		d.add(path, "want %s, got %s", words(v), brief(raw))
	case err != nil:
		d.add(path, "%v", err)
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

func words(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint64:
		return "a string of 16 hex digits"
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			return "a list of strings"
		}
		return "a list of whole numbers"
	}
	return "a whole number"
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
