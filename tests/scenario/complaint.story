# A word of the classifier raises a contact at once: in line before everybody, in service by calling a supervisor.
queue orders needs orders>=JUNIOR timeout 15s escalate label=complaint lane=2 escalate label=lawyer call
agent bo orders=EXPERT

contact early orders phone
contact late orders phone
label late complaint
signin bo
----
early queued orders headstart=0s
late queued orders headstart=0s
late noted: complaint
late raised to level 1 (label complaint), lane 2
bo signed in
late offered bo deadline=15s

accept bo late
label late lawyer
----
late accepted bo
late noted: lawyer
late raised to level 2 (label lawyer), lane 2, a supervisor is called

# A lane given by hand takes effect for who waits, too.
contact third orders phone
lane third 1
complete bo late
----
third queued orders headstart=0s
third moved in line
late ended completed
third offered bo deadline=15s
