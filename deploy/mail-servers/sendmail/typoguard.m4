dnl Sendmail: ask typoguard's list of lookalikes about every recipient. Add this at the end of sendmail.mc, with your zone.
dnl
dnl The final dot behind the zone is needed: without it Sendmail also asks for names below its own domain, where a wildcard record
dnl would make it refuse every recipient. For that reason, too, only 127.0.0.2 refuses.
LOCAL_CONFIG
Klookalike dns -R A -a. -T<TMP> -r1 -d2s
Klookalikewhy dns -R TXT -T<TMP> -r1 -d2s
LOCAL_RULESETS
SLocal_check_rcpt
R$*			$: $>CanonAddr $1
R$* < @ $+ . >		$: $1 < @ $2 >
R$* < @ $+ > $*		$: $1 < @ $2 > $(lookalike $2.lookalikes.corp.example. $: OK $)
R$* < @ $+ > 127.0.0.2.	$: $1 < @ $2 > $(lookalikewhy $2.lookalikes.corp.example. $: $2 looks mistyped $)
R$* < @ $+ > OK		$@ OK
R$* < @ $+ > 127.$*	$@ OK
R$* < @ $+ > $* <TMP>	$@ OK
R$* < @ $+ > $+		$#error $@ 5.1.2 $: "550 " $3
