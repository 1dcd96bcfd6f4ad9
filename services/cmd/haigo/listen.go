package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// portFile, in the data folder, is the port that was free the last time any was to do.
const portFile = "port"

// listen takes the address at once, so that a taken port is said before anything starts. Where any port will do it is that
// of the last time, if it is free: links that were handed out lead here again.
func (f listenFlags) listen(e *env) (net.Listener, error) {
	host, port, err := net.SplitHostPort(f.Listen)
	if err != nil || port != "0" {
		return f.listenAt(e.ctx, f.Listen)
	}
	data, err := e.settings.dataDir(e.getenv)
	if err != nil {
		return nil, noDataDir(err)
	}
	path := filepath.Join(data, portFile)
	if last, err := os.ReadFile(path); err == nil {
		if listener := f.again(e.ctx, net.JoinHostPort(host, strings.TrimSpace(string(last)))); listener != nil {
			return listener, nil
		}
	}
	return f.listenAt(e.ctx, f.Listen)
}

// portWait is how long a program that was killed a moment ago may still hold its port.
const portWait = 2 * time.Second

// again listens where the last start did; nil where that isn't free, or soon.
func (f listenFlags) again(ctx context.Context, address string) net.Listener {
	ctx, cancel := context.WithTimeout(ctx, portWait)
	defer cancel()
	tick := time.NewTicker(portWait / 20)
	defer tick.Stop()
	var config net.ListenConfig
	for {
		listener, err := config.Listen(ctx, "tcp", address)
		if err == nil {
			return listener
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// rememberPort lets the next start on the data folder listen where this one does, if any port is to do. What serves holds
// the file's lock: another program of the folder, which got another port, changes nothing.
func (a *app) rememberPort(f listenFlags, listener net.Listener) (err error) {
	if !strings.HasSuffix(f.Listen, ":0") {
		return nil
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	if a.port, err = os.OpenFile(filepath.Join(a.data, portFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	switch err := syscall.Flock(int(a.port.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil
	case err != nil:
		return fmt.Errorf("lock %s: %w", a.port.Name(), err)
	}
	_, err = a.port.WriteAt([]byte(port+"\n"), 0)
	return errors.Join(err, a.port.Truncate(int64(len(port)+1)))
}

// servedAt is the address of the program that serves the data folder on a port of its own choice; the usual one where none
// does.
func (a *app) servedAt() string {
	const usual = "http://127.0.0.1:8080"
	file, err := os.Open(filepath.Join(a.data, portFile))
	if err != nil {
		return usual
	}
	defer file.Close()
	port, err := io.ReadAll(file)
	if err != nil || !errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return usual
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port)))
}

func (f listenFlags) listenAt(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, f.cannotListen(err)
	}
	return listener, nil
}

func (f listenFlags) cannotListen(err error) error {
	const elsewhere = "--listen 127.0.0.1:0 takes any free port"
	_, port, _ := net.SplitHostPort(f.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return invalidFlag("--listen", fmt.Sprintf("%s is taken, perhaps by another Haigo on this machine; end what holds port %s, or choose another: %s", f.Listen, port, elsewhere))
	case errors.Is(err, syscall.EACCES):
		return invalidFlag("--listen", fmt.Sprintf("port %s is for root only; choose one above 1023: %s", port, elsewhere))
	}
	return invalidFlag("--listen", fmt.Sprintf("%s is no address of this machine that can be listened to; write HOST:PORT: %s", f.Listen, elsewhere))
}
