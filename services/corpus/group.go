package corpus

import (
	"fmt"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// groupName is the name of the source that takes a group's documents: "pile" and "Wikipedia (en)" give
// "pile-wikipedia-en". Groups that differ in case and punctuation alone are one source. It is empty where a value can't
// become part of a name.
func groupName(name, group string) string {
	parts := strings.FieldsFunc(strings.ToLower(group), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
	})
	full := strings.Join(append([]string{name}, parts...), "-")
	if len(parts) == 0 || !spec.ValidName(full) {
		return ""
	}
	return full
}

func badGroup(group string) ablation.Label {
	group = cut(group, 80)
	return ablation.Label{
		EN: fmt.Sprintf("the value %q can't become part of a source's name, which has letters a to z, digits and at most 64 of them: choose another field with --by, or rename the value in the rows", group),
		JA: fmt.Sprintf("値「%s」はデータソースの名前に使えません（英小文字と数字、全体で 64 文字まで）。--by で別の項目を選ぶか、行の値を書き換えてください", group),
	}
}

func tooManyGroups(by string) []ablation.Problem {
	return invalid("by", by,
		fmt.Sprintf("%s has more than %d different values: choose a field with fewer, with --by", by, mostGroups),
		fmt.Sprintf("%s の値が %d 種類を超えています。--by で、値の種類が少ない項目を選んでください", by, mostGroups))
}

func noGroup(by string) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("no string in %s, which the sources are divided by: choose another field with --by, or mend the row", by),
		JA: fmt.Sprintf("データソースを分ける項目 %s に文字列がありません。--by で別の項目を選ぶか、この行を直してください", by),
	}
}
