# Skills that are welcome but not asked for: among agents alike to the strategy, who has them comes first.
queue orders needs orders>=JUNIOR strategy longest_idle
queue travel needs orders>=JUNIOR prefers french>=JUNIOR
agent ana orders=JUNIOR
agent bo orders=JUNIOR french=SENIOR
agent cy orders=JUNIOR french=JUNIOR hotels=JUNIOR
agent dee orders=EXPERT french=SENIOR hotels=SENIOR

signin ana
signin dee
----
ana signed in
dee signed in

# Ana is idle longest, and Dee has what is welcome; but travel asks for the closest fit first, and that is Ana.
contact c1 travel
----
c1 queued travel headstart=0s
c1 offered ana deadline=20s

# Bo and Cy are as close a fit as each other. Each has the French that travel likes; Cy has the hotels that this contact
# likes as well, and so comes first, though Bo is named before.
signin bo
signin cy
contact c2 travel prefers hotels>=JUNIOR
----
bo signed in
cy signed in
c2 queued travel headstart=0s
c2 offered cy deadline=20s (preferred skills)

# Who does not have it is asked all the same, once nobody who has it is left: what is welcome keeps nobody waiting.
contact c3 orders phone prefers hotels>=SENIOR
contact c4 orders phone prefers hotels>=SENIOR
----
c3 queued orders headstart=0s
c3 offered dee deadline=20s (preferred skills)
c4 queued orders headstart=0s
c4 offered bo deadline=20s
