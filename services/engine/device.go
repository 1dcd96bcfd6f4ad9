package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// ErrFull is the error of a submission for which no device is free now. Nothing was started.
var ErrFull = errors.New("every device has a run")

// visibleDevices names the devices that a process may use, as the runtimes of their makers read it.
const visibleDevices = "CUDA_VISIBLE_DEVICES"

// Devices are those of this machine of which an attempt is to be given one: n of them, or those that the service's own
// environment names. A device is given by locks that exec and its runner hold, which the kernel takes back when the last of
// them has ended: so no restart, no second worker and, on Linux, no other data folder gives it twice.
func (l *Local) Devices(n int) ([]spec.LaunchDevice, error) {
	if n == 0 {
		return nil, nil
	}
	names := strings.FieldsFunc(os.Getenv(visibleDevices), func(c rune) bool { return c == ',' || c == ' ' })
	for i := 0; len(names) < n && os.Getenv(visibleDevices) == ""; i++ {
		names = append(names, strconv.Itoa(i))
	}
	self, err := Self()
	if err == nil {
		err = os.MkdirAll(l.Locks, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("locks of devices: %w", err)
	}
	var devices []spec.LaunchDevice
	for _, name := range names {
		devices = append(devices, spec.LaunchDevice{Name: name, Lock: filepath.Join(l.Locks, filepath.Base(self.BootID)+"-"+filepath.Base(name)+".lock")})
	}
	return devices, nil
}

// anyFree is ErrFull where an attempt needs a device and none is free.
func anyFree(dir string) error {
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(dir, spec.LaunchFile))
	if err != nil || len(launch.Devices) == 0 {
		return nil //nolint:nilerr // exec says what is wrong with the file
	}
	for _, d := range launch.Devices {
		if locks, err := hold(d); err == nil {
			return closeAll(locks)
		}
	}
	return ErrFull
}

// takeDevice waits until one of the devices is free, and holds it until its locks and every copy that a runner inherited are
// closed. It gives up, with none, when the attempt is asked to stop.
func takeDevice(ctx context.Context, dir string, devices []spec.LaunchDevice) (name string, locks []*os.File, err error) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for len(devices) > 0 {
		for _, d := range devices {
			if locks, err = hold(d); err == nil {
				return d.Name, locks, nil
			}
			if !errors.Is(err, ErrBusy) {
				return "", nil, err
			}
		}
		if _, asked := stopAsked(dir); asked {
			return "", nil, nil
		}
		select {
		case <-ctx.Done():
			return "", nil, askStop(dir, "")
		case <-look.C:
		}
	}
	return "", nil, nil
}

// hold takes a device's locks, ErrBusy where an attempt has one: the file, which all who share a data folder know, and where
// the system has such a thing the device's name, which the whole machine knows.
func hold(d spec.LaunchDevice) ([]*os.File, error) {
	file, err := os.OpenFile(d.Lock, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock of device %s: %w", d.Name, err)
	}
	if err := flock(file, syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	name, err := reserve("haigo/device/" + d.Name)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	locks := append(name, file)
	if users, err := carrying(deviceEnv + "=" + d.Name); err == nil && len(users) > 0 {
		return nil, errors.Join(ErrBusy, closeAll(locks)) // left behind by an exec and a runner that were killed
	}
	return locks, nil
}

func closeAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
