package kit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

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
