package httpd_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"image/png"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// pair are two sweeps with the same seeds, and what compares all their arms.
func (s site) pair() string {
	s.Helper()
	s.text()
	for _, name := range []string{"one", "two"} {
		document := strings.Replace(sweepFile(name), "seeds: 2\n", "seeds: 2\nseed: 7\n", 1)
		if name == "two" {
			document = strings.Replace(document, "batch_rows: 8}", "batch_rows: 8, optimizer: {peak_lr: 1e-3}}", 1)
		}
		s.send("/new", "document", document).want(s.T, 303)
		for range 4 {
			s.train(ablation.RunCompleted)
		}
	}
	return "arm=one/ja70&arm=one/ja30&arm=two/ja30"
}

func TestCompare(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	arms := s.pair()
	t.Run("without arms it says how to find some", func(t *testing.T) {
		s.get("/compare?lang=en").want(t, 200, "Find arms by name in the field", `href="/compare?arm=two/ja70&amp;arm=two/ja30"`)
	})
	t.Run("arms of two sweeps, with what differs", func(t *testing.T) {
		a := s.get("/compare?lang=en&"+arms).want(t, 200, "Arms and runs 6", "Difference to the baseline", "Final scores", "differs in shares only", "differs in one thing: Learning rate", "1e-3")
		for _, hidden := range []string{"Tokenizer", hostile, "different source version"} {
			if strings.Contains(a.body, hidden) {
				t.Errorf("the page shows %q", hidden)
			}
		}
		s.get("/compare?lang=en&same=1&"+arms).want(t, 200, "Tokenizer")
		s.get("/compare?lang=ja&"+arms).want(t, 200, "違いは比率だけ", "何が違うか", "ja30 · two")
	})
	t.Run("a whole sweep, a single run, and what isn't there", func(t *testing.T) {
		s.get("/compare?lang=en&sweep=one").want(t, 200, "Arms and runs 4", `href="/compare?arm=one/ja70&amp;arm=one/ja30&amp;base=one/ja70"`)
		run := s.runs("two")[3]
		s.get("/compare?lang=en&run="+run.ID).want(t, 200, "Arms and runs 1", run.Name)
		s.get("/compare?lang=en&arm=gone/ja50&"+arms).want(t, 200, "gone/ja50 isn&#39;t here", "Arms and runs 6")
		s.get("/compare?sweep=none").want(t, 404)
	})
	t.Run("two runs of one arm, each by itself", func(t *testing.T) {
		runs := s.runs("one")
		both := "run=" + runs[0].ID + "&run=" + runs[1].ID
		s.get("/compare?lang=en&"+both).want(t, 200, "2 seeds")
		a := s.get("/compare?lang=en&group=run&"+both).want(t, 200, "Final scores", "no interval", "Difference to the baseline", "differs in one thing: seeds", "data_seed", `id="pin-`+runs[0].ID, `id="show-`+runs[1].ID, "base="+runs[1].ID)
		for _, name := range []string{runs[0].Name, runs[1].Name} {
			if n := strings.Count(a.body, ">"+name+"<"); n < 3 { // in the list, in the scores, above what differs
				t.Errorf("%s stands %d times on the page", name, n)
			}
		}
		s.get("/compare?lang=en&group=run&base="+runs[1].ID+"&hide=one/ja70&"+both).want(t, 200, "hide="+runs[0].ID, "Everything is hidden")
		s.get("/compare?lang=en&base="+runs[1].ID+"&"+arms).want(t, 200, `id="pin-one/ja70"`, "base="+runs[1].ID)
		s.get("/sweeps/one").want(t, 200, `name="group" value="run"`)
		s.get("/api/v1/compare?group=run&"+both).want(t, 200, `"run":"`+runs[1].ID+`"`)
		if scores := s.get("/compare/scores.csv?group=run&"+both).want(t, 200).body; !strings.Contains(scores, "one,one/ja70,"+runs[1].Name+",") {
			t.Errorf("the scores are\n%s", scores)
		}
	})
	t.Run("every control leads to an address that is its own", func(t *testing.T) {
		state := "hide=" + s.runs("one")[0].ID + "&base=two/ja30&metric=loss&metric=bpb/en&x=time&group=run&band=interval&smooth=2.5&from=1&to=6.5&same=1&" + arms
		body := s.get("/compare?lang=en&"+state).want(t, 200).body
		link := regexp.MustCompile(`href="(/compare\?[^"]+)" aria-current="true">Wall time`).FindStringSubmatch(body)
		if link == nil {
			t.Fatalf("no link to what is shown in\n%s", body)
		}
		want, err := url.ParseQuery(state)
		if err != nil {
			t.Fatal(err)
		}
		got, err := url.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Query()); diff != "" {
			t.Errorf("the address of the same view (-opened +linked):\n%s", diff)
		}
	})
	t.Run("scores as a file", func(t *testing.T) {
		a := s.get("/compare/scores.csv?"+arms).want(t, 200)
		lines, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil || len(lines) != 7 || lines[0][0] != "sweep" || lines[6][0] != "two" {
			t.Errorf("%v, %v", lines, err)
		}
	})
	t.Run("more than a page can show is refused, and says what to do", func(t *testing.T) {
		many := ""
		for i := range 401 {
			many += fmt.Sprintf("&arm=s/a%d", i)
		}
		s.get("/compare?lang=en"+many).want(t, 422, "take 400 at most")
	})
}

// A chart of a comparison is shared as it is now: what happens later changes nothing behind its link.
func TestCompare_share(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	arms := s.pair()
	s.get("/compare?lang=en&"+arms).want(t, 200, "/compare/share?arm=one")
	s.get("/compare/share?lang=en&base=two/ja30&"+arms).want(t, 200, `value="difference bpb/en"`, "Compare: ")
	made := s.send("/compare/share?base=two/ja30&"+arms, "chart", "difference bpb/ja", "days", "7", "question", "Does the rate matter? "+hostile).want(t, 200, "Does the rate matter?")
	link := linkPattern.FindString(made.body)
	fresh := s
	fresh.client = client(t)
	fresh.get(link+"?lang=en").want(t, 200, "Does the rate matter?", "differs in one thing: Learning rate", "one colour and mark is one arm")
	figure := fresh.get(link+"/chart.json").want(t, 200, `"id":"difference-bpb-ja"`, `"role":"baseline"`).body
	if points := fresh.get(link+"/points.csv").want(t, 200).body; !strings.HasPrefix(points, "arm,run,series,") {
		t.Errorf("points %.100s", points)
	}
	picture, err := png.Decode(strings.NewReader(fresh.get(link+"/preview.png?lang=en").want(t, 200).body))
	if err != nil || picture.Bounds().Dx() != 1200 {
		t.Errorf("the picture: %v", err)
	}
	s.sweep("three")
	if fresh.get(link+"/chart.json").body != figure {
		t.Error("a frozen chart changed")
	}
	s.get("/shares?lang=ja").want(t, 200, "Does the rate matter?", `href="/sweeps/one"`, `href="/sweeps/two"`)
	fresh.get(link+"?lang=en").want(t, 200, "data-zoom", `data-do="whole"`)
	fresh.get(link+"/chart.json?from=0&to=1024").want(t, 200, `"max":1024`, `"role":"baseline"`)
	fresh.get(link+"/chart.json?from=x").want(t, 422, "a number of 0 or more")
	if whole, cut := fresh.get(link+"/points.csv").body, fresh.get(link+"/points.csv?to=1024").want(t, 200).body; len(cut) == 0 || len(cut) >= len(whole) {
		t.Errorf("a part's points:\n%s\nof\n%s", cut, whole)
	}
	s.begin(ablation.RunCompleted)
	moving := linkPattern.FindString(s.send("/compare/share?sweep=three&lang=en", "chart", "curve loss", "days", "7").want(t, 200).body)
	s.begin(ablation.RunCompleted)
	fresh.get(moving+"/chart.json?from=0&to=1024").want(t, 200, `"max":1024`, "there are no finer ones")
	s.send("/shares/1/revoke").want(t, 303)
	fresh.get(link).want(t, 404)
	fresh.get(link+"/chart.json?from=0&to=1024").want(t, 404)
	offered := regexp.MustCompile(`value="(Compare: [^"]+)"`).FindStringSubmatch(s.get("/compare/share?lang=en&" + arms).body)
	asked := linkPattern.FindString(s.send("/compare/share?lang=en&"+arms, "chart", "curve bpb/ja", "days", "7", "question", html.UnescapeString(offered[1])).body)
	for lang, heading := range map[string]string{"ja": "比較: ", "en": "Compare: "} {
		fresh.get(asked+"?lang="+lang).want(t, 200, "<h1>"+heading)
		s.get("/shares?lang="+lang).want(t, 200, "<b>"+heading)
	}
	s.send("/compare/share?lang=en&"+arms, "chart", "curve task/none/bpb", "days", "7").want(t, 409, "nothing to share")
	s.send("/compare/share?lang=en&"+arms, "chart", "curve bpb/en", "days", "7", "embed_in", "no site").want(t, 422, `value="curve bpb/en" selected`)
}

func TestAPI_compare(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{Devices: ablation.Devices{YenPerHour: 360, Kinds: []ablation.Device{{Name: "*", Peak: map[string]float64{"fp32": 2 * 9000 * 6000}}}}})
	arms := s.pair()
	s.get("/compare?lang=en&"+arms).want(t, 200, "Speed and cost by device", "50.0%", "9,000")
	s.get("/compare/devices.csv?"+arms).want(t, 200, "device,devices,isa,threads,precision,", ",portable,1,fp32,")
	s.get("/api/v1/compare/charts/device?metric=mfu&"+arms).want(t, 200, `"kind":"device"`, `"50.0%"`)
	link := linkPattern.FindString(s.send("/compare/share?"+arms, "chart", "device yen_per_billion_tokens", "days", "7").want(t, 200).body)
	if _, err := png.Decode(strings.NewReader(s.get(link+"/preview.png?lang=en").want(t, 200).body)); err != nil {
		t.Errorf("the picture of devices: %v", err)
	}
	s.get("/api/v1/arms?q=TWO+ja30").want(t, 200, `"arm":"ja30"`, `"completed":2`)
	s.get("/api/v1/compare?"+arms).want(t, 200, `"verdicts"`, `"missing":[]`, `"seconds"`)
	s.get("/api/v1/compare?arm="+strings.Repeat("&arm=", 400)).want(t, 422, `"field":"query.arm"`)
	s.get("/api/v1/compare?arm=gone/one").want(t, 200, `"arms":[]`, `"missing":["gone/one"]`)
	for _, path := range []string{
		"curve?metric=bpb/ja", "curve?metric=loss&x=flops&group=run", "curve?metric=loss&x=time&from=2&to=5", "curve?metric=bpb/en&band=interval&smooth=10", "difference?metric=bpb/ja&base=two/ja30",
	} {
		path = "/api/v1/compare/charts/" + path + "&" + arms
		a := s.get(path).want(t, 200, `"option":{`, `"role":"line"`)
		s.get(path, "If-None-Match", a.Header.Get("ETag")).want(t, 304)
		if table, query, _ := strings.Cut(path, "?"); !strings.HasPrefix(s.get(table+".csv?"+query).want(t, 200).body, "arm,run,series,") {
			t.Errorf("%s has no points", path)
		}
	}
	for path, status := range map[string]int{
		"curve.csv?metric=loss&from=many&" + arms: 422, "curve?" + arms: 422, "curve?metric=loss&x=yen&" + arms: 422, "curve.csv?metric=&" + arms: 422, "difference?metric=loss&base=none&" + arms: 404, "nothing?metric=loss": 422, "nothing.csv?metric=loss": 404,
	} {
		s.get("/api/v1/compare/charts/"+path).want(t, status)
	}
}

// TestBrowser_compare finds an arm, pins a baseline, lays runs along time, zooms and goes back: the address always says
// what is shown, and opens it again.
func TestBrowser_compare(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.long("long")
	for range 4 {
		s.begin(ablation.RunCompleted)
	}
	b.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(b.url+"/sweeps/long/runs?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.eval(`document.querySelector("input[name=run]").click(); document.querySelector("form[action='/compare'] button").click()`)
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready] #values canvas")))
	b.until(`document.querySelector("#picks h2").innerText === "Arms and runs 1" && !document.querySelector("#minus figure")`)

	b.eval(`window.unloaded = false`)
	b.run(chromedp.KeyEvent("/"), chromedp.KeyEvent("ja30"))
	b.until(`document.querySelectorAll("#found [role=option]").length === 1 && document.querySelector("#found").innerText.includes("long/ja30")`)
	b.run(chromedp.KeyEvent("\r"))
	b.until(`document.querySelector("#picks h2").innerText === "Arms and runs 3" && document.querySelectorAll("#minus canvas").length === 2`)
	b.until(`location.search.includes("arm=long%2Fja30") || location.search.includes("arm=long/ja30")`)

	b.eval(`document.querySelector("#found").style.maxHeight = "20px"; document.querySelector("#find").blur(); document.querySelector("#find").focus()`)
	b.until(`!document.querySelector("#found").hidden && document.querySelector("#found").scrollHeight > 30`)
	b.run(chromedp.KeyEvent(kb.Tab))
	b.until(`document.activeElement.type === "checkbox"`) // not the list, which has gone

	b.until(`[...document.querySelectorAll("#picks .nm")].map(e => e.innerText).join() === "ja30,ja70-s1"`) // a run by itself, beside an arm
	b.eval(`[...document.querySelectorAll("#bar .seg a")].find(a => a.innerText === "Arm").click()`)
	b.until(`!!document.getElementById("pin-long/ja70")`)
	b.eval(`document.getElementById("pin-long/ja70").click()`)
	b.until(`location.search.includes("base=long") && document.getElementById("pin-long/ja70").classList.contains("tag")`)
	b.eval(`[...document.querySelectorAll("#bar .seg a")].find(a => a.innerText === "Steps").click()`)
	b.until(`location.search.includes("x=steps")`)
	b.eval(`{ const s = document.querySelector("#metric"); s.value = [...s.options].find(o => o.text === "loss").value; s.dispatchEvent(new Event("change", {bubbles: true})); }`)
	b.until(`document.querySelector("#curve-loss canvas")`)

	b.eval(`document.querySelector("#curve-loss [data-do=table]").click(); document.querySelector("#curve-loss .ch").scrollIntoView({block: "center"})`)
	const steps = `(() => { const r = document.querySelector("#curve-loss [data-table] tbody tr:nth-child(2)").cells; return r[4].innerText - r[3].innerText + 1; })()`
	b.until(steps + ` > 4`)
	b.drag("#curve-loss .ch", .3, .4)
	b.until(steps + ` === 1 && /from=[0-9]/.test(location.search) && document.querySelector("#whole")`)
	b.until(`document.querySelector("#difference-loss").dataset.figure.includes("from=")`) // all charts show the same part
	zoomed := b.text("location.href")
	b.eval(`{ const f = document.querySelector("#smooth"); f.value = "7"; f.dispatchEvent(new Event("change", {bubbles: true})); }`)
	b.until(fmt.Sprintf(`location.search.includes("smooth=7") && ["from", "to"].every(k => new URL(location.href).searchParams.get(k) === new URL(%q).searchParams.get(k))`, zoomed))
	b.eval(`history.back()`)
	b.until(fmt.Sprintf(`location.href === %q`, zoomed))
	b.eval(`history.back()`)
	b.until(steps + ` > 4 && !location.search.includes("from=")`)
	b.eval(`{ const f = document.querySelector("#smooth"); f.value = "５"; f.dispatchEvent(new Event("change", {bubbles: true})); }`)
	b.until(`location.search.includes("smooth=5") && document.querySelector("#curve-loss [data-caption]").innerText.includes("5%")`)
	b.eval(`{ const f = document.querySelector("#from"); f.value = "many"; f.dispatchEvent(new Event("change", {bubbles: true})); }`)
	b.until(`document.querySelector("#view-err").innerText && document.querySelector("#from").getAttribute("aria-invalid") === "true" && document.querySelector("#from").value === "many"`)
	b.until(`window.unloaded === false`) // it was one page all along

	again := b.window()
	again.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(zoomed), chromedp.WaitReady(chromedp.CSS("html[data-ready] #curve-loss canvas")))
	again.eval(`document.querySelector("#curve-loss [data-do=table]").click()`)
	again.until(steps + ` === 1 && document.getElementById("pin-long/ja70").classList.contains("tag")`)
	b.press(".lang a[lang=ja]")
	b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready][lang=ja]")))
	b.until(`location.search.includes("base=long") && location.search.includes("smooth=5") && document.querySelector("#curve-loss canvas")`)
	b.quiet()
	again.quiet()
}
