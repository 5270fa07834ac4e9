rpzFile("$zone", {policyName = "rpz.invalid"})
