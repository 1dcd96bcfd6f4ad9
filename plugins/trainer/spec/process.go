package spec

import "time"

// LaunchVersion is the only launch_version.
const LaunchVersion = 1

// Launch is launch.json: the parts that haigo exec runs in order.
type Launch struct {
	LaunchVersion int    `json:"launch_version"` // 1
	Nonce         string `json:"nonce"`
	Parts         []Part `json:"parts"`
	// Devices are those of which exec gives the attempt one, and its parts its name in CUDA_VISIBLE_DEVICES; none: it needs none.
	Devices []LaunchDevice `json:"devices,omitempty"`
}

// LaunchDevice is a device that one attempt at a time may have: whoever holds the lock of that file and, on Linux, the name on
// the machine.
type LaunchDevice struct {
	Name string `json:"name"` // as its maker's runtime counts it, "0", or an identifier
	Lock string `json:"lock"` // absolute path
}

// Part is one process of an attempt. StartStep and EndStep bound the steps that it trains.
type Part struct {
	Name      string            `json:"name"`
	Argv      []string          `json:"argv"`
	Env       map[string]string `json:"env"` // beside what the engine gives: where programs and devices are, no secret
	Dir       string            `json:"dir"` // working folder, relative to the attempt's folder or absolute
	StartStep int64             `json:"start_step"`
	EndStep   int64             `json:"end_step"`
}

// Process is process.json: which process holds an attempt. A pid alone proves nothing; it is this process while boot id
// and start time are the same.
type Process struct {
	Host       string    `json:"host"`
	PID        int       `json:"pid"`
	StartTime  int64     `json:"start_time"` // as the operating system counts it; compare for equality only
	BootID     string    `json:"boot_id"`
	Nonce      string    `json:"nonce"` // of launch.json
	ArgvSHA256 string    `json:"argv_sha256"`
	Started    time.Time `json:"started"` // UTC
}

// Exit is exit.json: how the parts of an attempt ended. It says nothing of what was trained; events do.
type Exit struct {
	Code    int       `json:"code"`   // of the last part that ran; -1 for a signal or a part that didn't start
	Signal  string    `json:"signal"` // that ended it, "" for none
	Part    string    `json:"part"`   // name of the last part that ran
	Error   string    `json:"error"`  // why a part didn't start, "" when all did
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Nonce   string    `json:"nonce"`
}
