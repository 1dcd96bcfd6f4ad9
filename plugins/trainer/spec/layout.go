package spec

import (
	"fmt"
	"path/filepath"
)

// Files of an attempt's folder.
const (
	SpecFile      = "spec.json"
	LaunchFile    = "launch.json"
	LockFile      = "lock"
	ProcessFile   = "process.json"
	HeartbeatFile = "heartbeat"
	EventsFile    = "events.jsonl"
	StdoutFile    = "stdout.log"
	StderrFile    = "stderr.log"
	StopFile      = "stop"
	ExitFile      = "exit.json"
)

// Files of the other folders.
const (
	ManifestFile = "manifest.json" // of a source version and of a checkpoint
	RowsBinFile  = "rows.bin"
	RowsFile     = "rows.json"
)

// SourceDir is the folder of a source version in the data folder.
func SourceDir(data, name, version string) string {
	return filepath.Join(data, "sources", name, version)
}

// RowsDir is the folder of all cached rows in the data folder; [RowsKey] names the folder of one source inside.
func RowsDir(data string) string { return filepath.Join(data, "rows") }

// RunDir is the folder of a run in the data folder.
func RunDir(data, run string) string { return filepath.Join(data, "runs", run) }

// AttemptDir is the folder of an attempt (from 1) in its run's folder.
func AttemptDir(runDir string, attempt int) string {
	return filepath.Join(runDir, fmt.Sprintf("attempt-%04d", attempt))
}

// CheckpointsDir is the folder that the attempts of a run share: checkpoints are immutable.
func CheckpointsDir(runDir string) string { return filepath.Join(runDir, "checkpoints") }

// CheckpointDir is the folder of the checkpoint that an attempt wrote at a step, in its run's folder.
func CheckpointDir(runDir string, step int64, attempt int) string {
	return filepath.Join(CheckpointsDir(runDir), fmt.Sprintf("step-%09d-a%04d", step, attempt))
}

// KeptDir is the folder in the data folder of a copy of a checkpoint that runs of a sweep start from, under its manifest's
// digest: whatever becomes of the run that wrote it, the copy stays.
func KeptDir(data, manifestSHA256 string) string {
	return filepath.Join(data, "checkpoints", manifestSHA256)
}

// Resolve is a path of a run directory as this process can open it: absolute, or relative to the attempt's folder.
func Resolve(attemptDir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(attemptDir, path)
}
