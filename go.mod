module hongbao

go 1.26
