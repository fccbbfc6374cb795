if(slice = '', '{word.not_given}', slice)
