package main

import (
	"context"
	"errors"
	"fmt"
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
		return nil, fmt.Errorf("data folder: %w", err)
	}
	path := filepath.Join(data, portFile)
	if last, err := os.ReadFile(path); err == nil {
		if listener := f.again(e.ctx, net.JoinHostPort(host, strings.TrimSpace(string(last)))); listener != nil {
			return listener, nil
		}
	}
	listener, err := f.listenAt(e.ctx, f.Listen)
	if err != nil {
		return nil, err
	}
	return listener, rememberPort(path, listener.Addr())
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

func rememberPort(path string, address net.Addr) error {
	_, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return err
	}
	return writeFile(path, []byte(port+"\n"))
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
