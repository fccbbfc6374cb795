-- Of how many customers the answers are, where several are of one.
if(customers < n, concat(' (', toString(customers), ' {word.customers})'), '')
