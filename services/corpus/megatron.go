package corpus

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Megatron's indexed data set: PREFIX.idx holds the sequences' lengths, their places in PREFIX.bin and where documents
// begin; PREFIX.bin holds token ids. As written by Megatron-LM, Megatron-DeepSpeed, GPT-NeoX and NeMo.
const (
	megatronMagic   = "MMIDIDX\x00\x00"
	megatronVersion = 1
	megatronHeader  = 34 // magic, version, type, number of sequences, number of documents
	// bytesSeparator ends documents in text that was tokenised as bytes.
	bytesSeparator = 256
)

// idSizes are the bytes of one id by the index's type code; floats are no ids.
var idSizes = map[byte]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 8: 2}

// indexOf is the index that belongs to a .bin file.
func indexOf(bin string) string { return bin[:len(bin)-len(".bin")] + ".idx" }

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// megatron sends the documents of an indexed data set whose ids are bytes.
func (f *feed) megatron() {
	index, reason, detail := readIndex(indexOf(f.path))
	if index == nil {
		f.problem(input{path: indexOf(f.path)}.rejected(0, reason, detail))
		return
	}
	file, err := os.Open(f.path)
	if err != nil {
		f.problem(*f.broken(0, err))
		return
	}
	defer file.Close()
	var taken int64
	f.disk = func() int64 { return taken }
	var text []byte
	for d := 1; d < len(index.documents); d++ {
		text = text[:0]
		for _, at := range index.sequences(d) {
			if int64(len(text))+at.length > maxDocument {
				f.problem(f.rejected(int64(d), TooLong, longBlock))
				return
			}
			ids, err := index.ids(file, at)
			if err != nil {
				f.problem(f.rejected(int64(d), Truncated, index.truncated(d, at, f.bytes)))
				return
			}
			taken = at.offset + int64(len(ids))
			var bad int64
			if text, bad = index.bytes(text, ids); bad >= 0 {
				f.problem(f.rejected(int64(d), TokenIDs, foreignIDs(d, bad)))
				return
			}
		}
		if !f.add(row{line: int64(d)}, text) {
			return
		}
	}
}

// megatronIndex is what an .idx says.
type megatronIndex struct {
	size      int64 // of one id, in bytes
	lengths   []int32
	offsets   []int64
	documents []int64 // where each begins among the sequences, and the end
}

// sequence is where some ids stand in the .bin.
type sequence struct {
	offset int64
	length int64 // in ids
}

// sequences are those of document d, from 1.
func (x *megatronIndex) sequences(d int) []sequence {
	var all []sequence
	for i := x.documents[d-1]; i < x.documents[d]; i++ {
		all = append(all, sequence{offset: x.offsets[i], length: int64(x.lengths[i])})
	}
	return all
}

func (x *megatronIndex) ids(file io.ReaderAt, at sequence) ([]byte, error) {
	ids := make([]byte, at.length*x.size)
	_, err := file.ReadAt(ids, at.offset)
	return ids, err
}

// bytes appends the text of ids that are bytes, without the separator that ends documents; bad is the first id that is
// neither, else -1.
func (x *megatronIndex) bytes(text, ids []byte) (out []byte, bad int64) {
	for ; int64(len(ids)) >= x.size; ids = ids[x.size:] {
		var id uint64
		for i := x.size - 1; i >= 0; i-- {
			id = id<<8 | uint64(ids[i])
		}
		switch {
		case id < bytesSeparator:
			text = append(text, byte(id))
		case id > bytesSeparator:
			return text, int64(id)
		}
	}
	return text, -1
}

// readIndex reads an .idx; where it can't, index is nil and the others say why.
func readIndex(path string) (index *megatronIndex, reason string, detail ablation.Label) {
	file, err := os.Open(path)
	if err != nil {
		return nil, Unreadable, obstacle(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, Unreadable, obstacle(err)
	}
	r := bufio.NewReaderSize(file, 1<<20)
	header := make([]byte, megatronHeader)
	if _, err := io.ReadFull(r, header); err != nil || !strings.HasPrefix(string(header), megatronMagic) {
		return nil, Unsupported, oldIndex
	}
	index = &megatronIndex{size: idSizes[header[17]]}
	if version := binary.LittleEndian.Uint64(header[9:]); version != megatronVersion || index.size == 0 {
		return nil, Unsupported, unknownIndex(version, header[17])
	}
	n, m := binary.LittleEndian.Uint64(header[18:]), binary.LittleEndian.Uint64(header[26:])
	if n > 1<<40 || m > 1<<40 || uint64(info.Size()) < megatronHeader+12*n+8*m {
		return nil, Truncated, shortIndex(n, max(m, 1)-1, info.Size())
	}
	index.lengths, index.offsets, index.documents = make([]int32, n), make([]int64, n), make([]int64, m)
	err = errors.Join(
		binary.Read(r, binary.LittleEndian, index.lengths),
		binary.Read(r, binary.LittleEndian, index.offsets),
		binary.Read(r, binary.LittleEndian, index.documents),
	)
	if err != nil {
		return nil, Unreadable, obstacle(err)
	}
	if !index.sound() {
		return nil, Damaged, wrongIndex
	}
	return index, "", ablation.Label{}
}

// sound reports whether every place that the index names can be.
func (x *megatronIndex) sound() bool {
	last := int64(0)
	for _, d := range x.documents {
		if d < last || d > int64(len(x.lengths)) {
			return false
		}
		last = d
	}
	for i, n := range x.lengths {
		if n < 0 || x.offsets[i] < 0 {
			return false
		}
	}
	return true
}

func (x *megatronIndex) truncated(d int, at sequence, have int64) ablation.Label {
	need := at.offset + at.length*x.size
	return ablation.Label{
		EN: fmt.Sprintf("the .bin ends at byte %d, but document %d of %d goes on to byte %d: fetch it again; the documents before it are kept", have, d, len(x.documents)-1, need),
		JA: fmt.Sprintf(".bin が %d バイトで終わっていますが、全 %[3]d 文書のうち %[2]d 番目は %[4]d バイトまで続くはずです。取得し直してください。それより前の文書は取り込みました", have, d, len(x.documents)-1, need),
	}
}

func foreignIDs(d int, id int64) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("document %d holds the token id %d, so these are no bytes but ids of a tokenizer (bytes are 0 to 255, with %d between documents): add the text that they were made from", d, id, bytesSeparator),
		JA: fmt.Sprintf("文書 %d にトークン ID %d があります。バイト（0〜255、文書の区切りは %d）ではなく、学習済みトークナイザーの ID です。元のテキストを追加してください", d, id, bytesSeparator),
	}
}

func shortIndex(n, m uint64, have int64) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("the .idx names %d sequences and %d documents but is only %d bytes long: fetch it again", n, m, have),
		JA: fmt.Sprintf(".idx は %d 系列、%d 文書とありますが、%d バイトしかありません。取得し直してください", n, m, have),
	}
}

func unknownIndex(version uint64, code byte) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("a Megatron index of version %d with ids of type %d, which isn't read: version 1 with integer ids is", version, code),
		JA: fmt.Sprintf("Megatron の索引のバージョン %d、ID の型 %d は読めません。バージョン 1 で整数の ID にしてください", version, code),
	}
}

// What to do about indexes that can't be used.
var (
	oldIndex = ablation.Label{
		EN: "no Megatron index (MMIDIDX): write the data set again with a Megatron of today, or add its text",
		JA: "Megatron の索引（MMIDIDX）ではありません。今の Megatron で作り直すか、元のテキストを追加してください",
	}
	wrongIndex = ablation.Label{
		EN: "the .idx is damaged: it names places that can't be; fetch it again",
		JA: ".idx が壊れていて、ありえない位置を指しています。取得し直してください",
	}
	noIndex = ablation.Label{
		EN: "a .bin of Megatron needs its .idx beside it: add the folder that holds both",
		JA: "Megatron の .bin には、同じ場所に .idx が必要です。両方があるフォルダーを追加してください",
	}
)
