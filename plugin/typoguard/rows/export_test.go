package rows

import "github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"

// LoadPolicies reads the policies of the only server block of a Corefile. It is set by the tests outside the package: the plugin, which reads
// Corefiles, imports this package.
var LoadPolicies func(corefile string) (*policy.Set, []policy.Suffixes, error)
