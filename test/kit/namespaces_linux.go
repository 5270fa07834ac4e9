package kit

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Main is the TestMain of tests that need namespaces of their own. outside prepares what needs root and the Internet there, and calls
// InNamespaces with a variable in the environment, by which this program knows that it is in them: then inside runs the tests, with /proc
// and the loopback device there. Main does not return.
func Main(name, variable string, outside, inside func() (int, error)) {
	flag.Parse()
	step := outside
	switch {
	case os.Getenv(variable) != "":
		step = func() (int, error) {
			if err := enter(); err != nil {
				return 0, err
			}
			return inside()
		}
	case os.Geteuid() != 0:
		step = func() (int, error) { return 0, errors.New("the tests make namespaces: run them as root") }
	}
	code, err := step()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s test: %v\n", name, err)
		code = 1
	}
	os.Exit(code)
}

// enter makes new namespaces usable.
func enter() error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, out)
	}
	return nil
}

// InNamespaces runs this program again in namespaces of its own: for the network, processes and mounts. It gets more arguments and
// environment variables, and InNamespaces returns its exit status. It needs root.
func InNamespaces(args, env []string) (int, error) {
	cmd := exec.Command("/proc/self/exe", append(os.Args[1:], args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	runtime.LockOSThread() // the child dies with the thread that starts it
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	} else if err != nil {
		return 0, fmt.Errorf("running the tests in namespaces: %w", err)
	}
	return 0, nil
}
