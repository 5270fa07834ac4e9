rpzPrimary({"127.0.0.1:$primary"}, "rpz.example", {
  tsigname = "feedkey", tsigalgo = "hmac-sha256", tsigsecret = "$secret", localAddress = "$source",
  axfrTimeout = 600, refresh = 1, dumpFile = "$dir/rpz.dump", seedFile = "$dir/rpz.dump",
})
