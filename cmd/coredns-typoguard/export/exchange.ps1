# Transport rules of typoguard, of policy %s: they refuse recipients whose domains look mistyped.
#
# Run this in Exchange Online PowerShell (after Connect-ExchangeOnline), or in the Exchange Management Shell. Run it again with a later list:
# it changes rules that are there, and removes those that are not needed any more. With -Mode Audit, rules only report; with -Remove,
# all of them are removed. Rules of other names are left alone.
[CmdletBinding()]
param(
    [ValidateSet('Enforce', 'Audit')] [string] $Mode = 'Enforce',
    [switch] $Remove
)
$ErrorActionPreference = 'Stop'

$rules = @(
%s)

if ($Remove) { $rules = @() }
$names = @($rules | ForEach-Object { $_.Name })
$existing = @(Get-TransportRule | Where-Object { $_.Name -match '^typoguard \d{3} ' })

foreach ($rule in $rules) {
    $settings = @{
        RejectMessageEnhancedStatusCode = '5.7.1'
        RejectMessageReasonText = "The recipient's domain looks like a mistyped $($rule.Protected). Nothing was sent to it. Please check the address: did you mean $($rule.Protected)?"
        Mode = $Mode
    }
    $conditions = 'RecipientDomainIs', 'RecipientAddressMatchesPatterns', 'ExceptIfRecipientAddressMatchesPatterns'
    if ($existing | Where-Object { $_.Name -eq $rule.Name }) {
        foreach ($condition in $conditions) { $settings[$condition] = $rule[$condition] }
        Set-TransportRule -Identity $rule.Name @settings -Confirm:$false
    } else {
        foreach ($condition in $conditions) { if ($rule[$condition]) { $settings[$condition] = $rule[$condition] } }
        New-TransportRule -Name $rule.Name @settings -Confirm:$false | Out-Null
    }
}
foreach ($rule in $existing) {
    if ($names -notcontains $rule.Name) { Remove-TransportRule -Identity $rule.Name -Confirm:$false }
}
